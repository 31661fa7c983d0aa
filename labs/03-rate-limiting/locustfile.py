"""Tenants of the quotes API; the limit of each is 10 requests per second, with bursts of 20."""

from http import HTTPStatus

from loadtests import Answer, Floods, Group, OpenUser, Regular, TokenBucket, Visit

SYMBOLS = ("ACME", "INIT", "HOOL", "PIED", "UMBR", "WAYN", "STRK", "OSCP")
LONGEST_WAIT = 4


class Tenant(OpenUser):
    """Request quotes; a success must carry a receipt for this tenant and symbol."""

    abstract = True
    targets = ("http://gateway-1:8000", "http://gateway-2:8000")
    promise = TokenBucket(rate=10, burst=20)

    def visit(self, visit: Visit) -> None:
        """Request one quote for a random tenant of this kind."""
        self.quote(visit, visit.random.choice(visit.names))

    def quote(self, visit: Visit, tenant: str) -> Answer:
        """Request a quote for a random symbol."""
        symbol = visit.random.choice(SYMBOLS)
        path = f"/quote?symbol={symbol}"
        return visit.get(path, {"X-Tenant": tenant}, subject=tenant, receipt_for=(tenant, symbol))


class Polite(Tenant):
    """Twenty tenants, each with two requests per second."""

    subjects = Group("polite", 20)


class Noisy(Tenant):
    """One more tenant, whose scraper floods; a proper refusal says a wait of 1 to 4 s."""

    subjects = Group("scraper")
    arrivals = Floods()
    tallies = ("refused_properly",)

    def visit(self, visit: Visit) -> None:
        """Request one quote, and tally a proper refusal."""
        if wait_told(self.quote(visit, visit.names[0])) in range(1, LONGEST_WAIT + 1):
            visit.tally("refused_properly")


class Behaving(Tenant):
    """The same tenant within its limit, from 2.2 s into the phase."""

    subjects = Group("scraper")
    arrivals = Regular(delay=2.2)


class Probe(Tenant):
    """Sixteen tenants in turn: send a burst, wait as the refusal says, come back once."""

    subjects = Group("probes", 16)
    arrivals = Regular()
    tallies = ("burst_asked", "burst_admitted", "waits_told", "waits_kept")

    def visit(self, visit: Visit) -> None:
        """Send 26 requests at one instant; repeat the first refused one after its wait."""
        tenant = visit.names[visit.number % len(visit.names)]
        told: list[int] = []

        def ask() -> Answer:
            answer = self.quote(visit, tenant)
            if (wait := wait_told(answer)) is not None and not told:
                told.append(wait)
                if wait <= LONGEST_WAIT:
                    visit.pause(wait, since=answer.at)
                    visit.tally("waits_kept", int(self.quote(visit, tenant).genuine))
            return answer

        answers = visit.volley(26, ask)
        visit.tally("burst_asked", 20)
        visit.tally("burst_admitted", min(20, sum(answer.genuine for answer in answers)))
        visit.tally("waits_told")


def wait_told(answer: Answer) -> int | None:
    """Return the Retry-After of a 429 in seconds, or None."""
    return answer.retry_after if answer.status == HTTPStatus.TOO_MANY_REQUESTS else None
