"""Tenants of the quotes API; the limit of each is 10 requests per second, with bursts of 20."""

from http import HTTPStatus

from loadtests import Answer, Floods, Group, OpenUser, Regular, TokenBucket, Visit

SYMBOLS = ("ACME", "INIT", "HOOL", "PIED", "UMBR", "WAYN", "STRK", "OSCP")


class Tenant(OpenUser):
    """Request quotes; a success must carry a receipt for this tenant and symbol."""

    abstract = True
    targets = ("http://gateway-1:8000", "http://gateway-2:8000")
    promise = TokenBucket(rate=10, burst=20)

    def visit(self, visit: Visit) -> None:
        """Request one quote for a random tenant of this kind."""
        self.quote(visit, visit.random.choice(visit.names))

    def quote(self, visit: Visit, tenant: str, target: str | None = None) -> Answer:
        """Request a quote for a random symbol, of any gateway or of this one."""
        symbol = visit.random.choice(SYMBOLS)
        path = f"/quote?symbol={symbol}"
        return visit.get(path, {"X-Tenant": tenant}, subject=tenant, receipt_for=(tenant, symbol), target=target)


class Polite(Tenant):
    """Twenty tenants, each with two requests per second."""

    subjects = Group("polite", 20)


class Eager(Tenant):
    """One tenant that sends a little more than its limit."""

    subjects = Group("eager")
    arrivals = Regular()


class Scraper(Tenant):
    """One more tenant, whose requests are too many; a proper refusal says a wait of 1 to 4 s."""

    abstract = True
    subjects = Group("scraper")
    tallies = ("refused_properly",)

    def visit(self, visit: Visit) -> None:
        """Request one quote, and tally a proper refusal."""
        visit.tally("refused_properly", int(wait_told(self.quote(visit, visit.names[0])) > 0))


class Noisy(Scraper):
    """In short floods."""

    arrivals = Floods()


class Relentless(Scraper):
    """In one flood without a pause."""


class Behaving(Scraper):
    """Within its limit, from 2.2 s into the phase."""

    arrivals = Regular(delay=2.2)


class Probe(Tenant):
    """Fifteen tenants in turn: send a burst to one gateway, wait as a refusal says, come back to the other once."""

    subjects = Group("probes", 15)
    arrivals = Regular()
    tallies = ("burst_admitted", "waits_told", "waits_kept")
    at_once, later = 25, 0.0

    def visit(self, visit: Visit) -> None:
        """Send requests at one instant, and one more `later` seconds later; repeat the first refused one."""
        tenant, here, there = in_turn(visit)
        answers = visit.volley(self.at_once, lambda: self.quote(visit, tenant, here))
        visit.tally("burst_admitted", min(20, sum(answer.genuine for answer in answers)))
        visit.pause(self.later, since=answers[0].at)
        answers.append(self.quote(visit, tenant, there))
        if refused := [answer for answer in answers if wait_told(answer)]:
            visit.pause(wait_told(refused[0]), since=refused[0].at)
            visit.tally("waits_kept", int(self.quote(visit, tenant, there).genuine))
        visit.tally("waits_told", int(bool(refused or not self.later)))


class Impatient(Probe):
    """Seven more tenants: use the burst, and come back 0.7 s later with one request, which a window refuses."""

    subjects = Group("impatient", 7)
    arrivals = Regular(rest=2.7)
    at_once, later = 20, 0.7


class Returning(Tenant):
    """Seven tenants in turn: send one request, use the burst at one gateway, come back to the other too early."""

    subjects = Group("returning", 7)
    arrivals = Regular(rest=2.7)
    tallies = ("burst_remembered",)

    def visit(self, visit: Visit) -> None:
        """Send 1 request, 1.5 s later 20 at one instant, and 1.2 s later 20 again, of which 12 may be admitted."""
        tenant, here, there = in_turn(visit)
        began = self.quote(visit, tenant).at
        visit.pause(1.5, since=began)
        visit.volley(20, lambda: self.quote(visit, tenant, here))
        visit.pause(2.7, since=began)
        again = visit.volley(20, lambda: self.quote(visit, tenant, there))
        visit.tally("burst_remembered", int(sum(answer.genuine for answer in again) in range(17)))


def in_turn(visit: Visit) -> tuple[str, ...]:
    """Return the visit's tenant, and the gateways in an order that alternates.

    A tenant's own order alternates as well, because its group is odd.
    """
    return visit.names[visit.number % len(visit.names)], *Tenant.targets[:: (-1) ** visit.number]


def wait_told(answer: Answer) -> int:
    """Return the Retry-After of a 429 if it is 1 to 4 seconds, otherwise 0."""
    wait = answer.retry_after or 0
    return wait if answer.status == HTTPStatus.TOO_MANY_REQUESTS and wait in range(1, 5) else 0
