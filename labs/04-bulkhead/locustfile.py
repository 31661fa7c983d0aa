"""Tenants of a portal: ten request quotes, three request reports, and one of these floods."""

from http import HTTPStatus

from loadtests import Answer, Group, OpenUser, Regular, Visit

SYMBOLS = ("ACME", "INIT", "HOOL", "PIED")
MONTHS = tuple(f"2026-{month:02d}" for month in range(1, 13))

REFUSED_FAST, REFUSED_UNQUEUED, REFUSED_LATEST = 0.1, 0.2, 0.45
"""The longest times in seconds until a refusal: without a wait, without one in a volley, and after the longest wait."""

VOLLEY = 9
"""Two more requests than a tenant's slots and queue can take."""

SERVED_SOON, SERVED_LATEST = 1.0, 2.5
"""The longest times in seconds until a report: with half of the workers, and with a quarter of them."""


class Tenant(OpenUser):
    """Call the portal, and wait at most 3 s for the answer."""

    abstract = True
    targets = ("http://portal:8000",)
    time_limit = 3.0


class Quote(Tenant):
    """Request quotes."""

    subjects = Group("quotes", 10)
    arrivals = Regular()

    def visit(self, visit: Visit) -> None:
        """Request a quote for a random symbol, as a random tenant."""
        tenant, symbol = visit.random.choice(visit.names), visit.random.choice(SYMBOLS)
        visit.get(f"/quote?symbol={symbol}", {"X-Tenant": tenant}, receipt_for=(tenant, symbol))


class Reporting(Tenant):
    """Request reports, and tally the answers that come in time."""

    abstract = True
    tallies = ("served", "served_soon", "refused_fast", "refused_unqueued", "refused_late", "told_in_time")

    def visit(self, visit: Visit) -> None:
        """Request a report as a random tenant."""
        self.ask(visit, visit.random.choice(visit.names))

    def ask(self, visit: Visit, tenant: str) -> Answer:
        """Request the report for a random month; a proper refusal has a Retry-After."""
        month = visit.random.choice(MONTHS)
        answer = visit.get(f"/reports/{month}", {"X-Tenant": tenant}, receipt_for=(tenant, month))
        refused = answer.status == HTTPStatus.SERVICE_UNAVAILABLE and answer.retry_after is not None
        if answer.genuine:
            visit.tally("served")
        if answer.genuine and answer.latency <= SERVED_SOON:
            visit.tally("served_soon")
        if refused and answer.latency <= REFUSED_FAST:
            visit.tally("refused_fast")
        if refused and answer.latency <= REFUSED_UNQUEUED:
            visit.tally("refused_unqueued")
        if refused and answer.latency > REFUSED_LATEST:
            visit.tally("refused_late")
        if answer.latency <= (SERVED_LATEST if answer.genuine else REFUSED_LATEST if refused else 0):
            visit.tally("told_in_time")
        return answer


class Modest(Reporting):
    """Two tenants that request a report now and then."""

    subjects = Group("modest", 2)


class Greedy(Reporting):
    """One tenant that floods the portal with requests for reports."""

    subjects = Group("greedy")


class Hasty(Reporting):
    """Modest tenants that give up before their report is ready."""

    subjects = Group("modest", 2)
    time_limit = 0.1


class Newcomer(Reporting):
    """New tenants, each of which requests nine reports at one instant."""

    subjects = Group("newcomer", 12)
    arrivals = Regular()

    def visit(self, visit: Visit) -> None:
        """Request nine reports at one instant, as the next tenant."""
        tenant = visit.names[visit.number % len(visit.names)]
        visit.volley(VOLLEY, lambda: self.ask(visit, tenant))


class Returning(Newcomer):
    """The modest tenants, when they request nine reports at one instant."""

    subjects = Group("modest", 2)
