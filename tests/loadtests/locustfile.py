"""Users for tests of the load program.

Each asks for the path named after its kind.
"""

import os
from dataclasses import dataclass
from http import HTTPStatus
from random import Random

from gevent.monkey import get_original

from loadtests import Group, OpenUser, Poisson, TokenBucket, Visit
from loadtests.shapes import RateInterval

block = get_original("time", "sleep")
"""Hold the whole program up, as a busy host would."""


@dataclass(frozen=True)
class At:
    """Arrivals at these seconds of the phase, whatever its rate."""

    times_told: tuple[float, ...]

    def times(self, interval: RateInterval, _: Random) -> list[float]:
        return [interval.start + at for at in self.times_told]


class Asking(OpenUser):
    """Ask once for the path that is named after the kind."""

    abstract = True
    targets = tuple(os.environ["ER_TEST_TARGETS"].split(","))
    time_limit = 20.0

    def visit(self, visit: Visit) -> None:
        visit.get(f"/{self.kind()}")


class Twin(Asking):
    """Replace the twin by a target of the test."""


class Steady(Asking):
    """Ask a path that answers at once."""

    arrivals = Poisson()


class Stalled(Asking):
    """Ask a path that stalls."""


class Silent(Asking):
    """Ask a path that never answers."""

    time_limit = 0.3


class Closed(Asking):
    """Ask a path that closes the connection."""


class Truncated(Asking):
    """Ask a path that sends less than it announces."""


class Nonsense(Asking):
    """Ask a path that does not answer in HTTP."""


class Redirected(Asking):
    """Ask a path that redirects."""


class Binary(Asking):
    """Ask a path that answers an error in an unknown encoding."""


class Endless(Asking):
    """Ask for a body without an end."""


class Headed(Asking):
    """Ask for a head without an end."""


class Packed(Asking):
    """Ask for a small answer that unpacks to a huge one."""


class Unheard(Asking):
    """Ask a path that answers an undefined status."""


class Posting(Asking):
    """Send something and have it confirmed."""

    def visit(self, visit: Visit) -> None:
        visit.post("/posting", {"receipt": "of my own"}, receipt_for=("posting",))


class Refused(Asking):
    """Ask a target that does not listen."""

    targets = ("http://127.0.0.1:1",)


class Crashing(Asking):
    """Ask, and fail."""

    def visit(self, visit: Visit) -> None:
        super().visit(visit)
        visit.tally("undeclared")


class Volley(Asking):
    """Ask 26 times at one instant, then once more."""

    arrivals = At((0.1,))
    tallies = ("together", "answered")

    def visit(self, visit: Visit) -> None:
        answers = visit.volley(26, lambda: visit.get("/volley"))
        visit.tally("together", len(answers))
        visit.tally("answered", sum(answer.status == 200 for answer in answers))
        visit.get("/volley")


class Pausing(Asking):
    """Ask, wait as long as the answer says, and ask again."""

    arrivals = At((0.1, 0.1, 0.1))

    def visit(self, visit: Visit) -> None:
        answer = visit.get("/pausing")
        visit.pause(answer.retry_after or 0, since=answer.at)
        visit.get("/pausing-again")


class Late(Asking):
    """Block the program in the first visit to delay the second."""

    arrivals = At((0.1, 0.1))

    def visit(self, visit: Visit) -> None:
        block(0.3) if visit.number == 0 else super().visit(visit)


class TooLate(Asking):
    """Block the program until the second visit is too late to send."""

    arrivals = At((0.1, 0.1))

    def visit(self, visit: Visit) -> None:
        block(1.2) if visit.number == 0 else super().visit(visit)


class Buying(Asking):
    """Ask for an answer that should carry a receipt."""

    abstract = True
    subjects = Group("buyer")
    promise = TokenBucket(rate=0.001, burst=5)
    arrivals = At((0.1,) * 10)

    def visit(self, visit: Visit) -> None:
        tenant = visit.names[0]
        headers = {"X-Tenant": tenant}
        visit.get(f"/{self.kind()}?symbol=ACME", headers, subject=tenant, receipt_for=(tenant, "ACME"))


class Genuine(Buying):
    """Get genuine receipts."""


class Forged(Buying):
    """Get receipts under another secret."""

    subjects = Group("victim of forgery")


class Replayed(Buying):
    """Get one genuine receipt again and again."""

    subjects = Group("victim of replay")


class Swapped(Buying):
    """Get receipts that were issued for another tenant."""

    subjects = Group("victim of a swap")


class Bare(Buying):
    """Get no receipt."""

    subjects = Group("victim of invention")


class Ordered(Buying):
    """Get receipts of a status that needs none."""

    subjects = Group("victim of the wrong status")

    def visit(self, visit: Visit) -> None:
        tenant = visit.names[0]
        proofs: dict[int, tuple[str, str]] = {HTTPStatus.CREATED: (tenant, "ACME")}
        visit.get("/ordered", {"X-Tenant": tenant}, receipt_for=proofs)


class Delivered(Buying):
    """Get receipts for the parts that the status names."""

    subjects = Group("satisfied")

    def visit(self, visit: Visit) -> None:
        tenant = visit.names[0]
        proofs: dict[int, tuple[str, str]] = {HTTPStatus.CREATED: (tenant, "nothing"), HTTPStatus.OK: (tenant, "ACME")}
        visit.get("/delivered", {"X-Tenant": tenant}, receipt_for=proofs)


class Named(Buying):
    """Get receipts for parts that the answer names."""

    subjects = Group("told")

    def visit(self, visit: Visit) -> None:
        tenant = visit.names[0]
        visit.get("/named", {"X-Tenant": tenant}, receipt_for=lambda answer: (tenant, str(answer.body.get("symbol"))))


class Misnamed(Named):
    """Get receipts for other parts than the answer names."""

    subjects = Group("victim of another's name")

    def visit(self, visit: Visit) -> None:
        tenant = visit.names[0]
        visit.get("/misnamed", {"X-Tenant": tenant}, receipt_for=lambda _: (tenant, "nothing"))


class Cached(Buying):
    """Get one genuine receipt again and again, where that is right."""

    subjects = Group("one of many")

    def visit(self, visit: Visit) -> None:
        tenant = visit.names[0]
        visit.vouched(visit.get("/cached", {"X-Tenant": tenant}), tenant, "ACME")


class Mistaken(Buying):
    """Get another's receipt from a cache."""

    subjects = Group("victim of a cache")

    def visit(self, visit: Visit) -> None:
        tenant = visit.names[0]
        visit.vouched(visit.get("/mistaken", {"X-Tenant": tenant}), tenant, "ACME")


class Choosy(Asking):
    """Ask the last target by name."""

    def visit(self, visit: Visit) -> None:
        visit.get("/choosy", target=self.targets[-1])
