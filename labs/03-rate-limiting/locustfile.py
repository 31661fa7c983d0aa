"""The tenants of the quotes API."""

from http import HTTPStatus

from loadtests import Answer, Floods, OpenUser, Regular, TokenBucket, Visit

SYMBOLS = ("ACME", "INIT", "HOOL", "PIED", "UMBR", "WAYN", "STRK", "OSCP")
LONGEST_WAIT = 4


class Tenant(OpenUser):
    """What all tenants have in common: where they ask, and what they were promised."""

    abstract = True
    targets = ("http://gateway-1:8000", "http://gateway-2:8000")
    promise = TokenBucket(rate=10, burst=20)

    def quote(self, visit: Visit, tenant: str) -> Answer:
        """Ask for a quote; a 200 must carry the receipt of quotes for this tenant and symbol."""
        symbol = visit.random.choice(SYMBOLS)
        path = f"/quote?symbol={symbol}"
        return visit.get(path, headers={"X-Tenant": tenant}, subject=tenant, receipt_for=(tenant, symbol))


class Polite(Tenant):
    """Twenty tenants, each asking for a quote twice a second."""

    def visit(self, visit: Visit) -> None:
        """Ask once, as any of the twenty."""
        self.quote(visit, visit.random.choice(visit.names("polite", 20)))


class Noisy(Tenant):
    """One more tenant, whose scraper floods."""

    arrivals = Floods()
    tallies = ("refused_properly",)

    def visit(self, visit: Visit) -> None:
        """Ask once; a proper refusal says how long to wait."""
        answer = self.quote(visit, *visit.names("noisy", 1))
        if wait_told(answer) in range(1, LONGEST_WAIT + 1):
            visit.tally("refused_properly")


class Behaving(Tenant):
    """The noisy tenant, behaving."""

    arrivals = Regular(delay=2.2)

    def visit(self, visit: Visit) -> None:
        """Ask once."""
        self.quote(visit, *visit.names("noisy", 1))


class Probe(Tenant):
    """Tenants that take their whole burst at once, are refused, wait as they are told, and come back once."""

    arrivals = Regular()
    tallies = ("burst_asked", "burst_admitted", "waits_told", "waits_kept")

    def visit(self, visit: Visit) -> None:
        """Probe as one of 16 tenants in turn; the first request that is refused comes back after its wait."""
        tenant = visit.names("probe", 16)[visit.number % 16]
        promised: list[int] = []

        def ask() -> Answer:
            answer = self.quote(visit, tenant)
            wait = wait_told(answer)
            if wait is not None and not promised:
                promised.append(wait)
                if wait <= LONGEST_WAIT:
                    visit.pause(wait)
                    visit.tally("waits_kept", int(self.quote(visit, tenant).genuine))
            return answer

        answers = visit.volley(26, ask)
        visit.tally("burst_asked", 20)
        visit.tally("burst_admitted", min(20, sum(answer.genuine for answer in answers)))
        visit.tally("waits_told")


def wait_told(answer: Answer) -> int | None:
    """Return the whole seconds of a 429's Retry-After, or None when there are none."""
    told = answer.headers.get("retry-after", "")
    return int(told) if answer.status == HTTPStatus.TOO_MANY_REQUESTS and told.isascii() and told.isdecimal() else None
