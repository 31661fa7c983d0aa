"""Buyers of shoes, one pair each, and the clerk who counts the shelves."""

from http import HTTPStatus
from typing import ClassVar

from loadtests import Answer, Group, OpenUser, Regular, Visit

SALES = ("http://sales-1:8000", "http://sales-2:8000", "http://sales-3:8000")
SWIFT_SECONDS = 0.5


class Buyer(OpenUser):
    """Buyers who want a pair, or proof that none is left, within 2 s."""

    abstract = True
    targets = SALES
    arrivals = Regular()
    time_limit = 2.0
    tallies = ("answered", "swift", "told")
    line: ClassVar[str]

    def buy(self, visit: Visit, model: int, shop: str | None = None) -> Answer:
        """Buy a pair of a model; the answer must carry the warehouse's receipt."""
        sku = f"{self.line}-{visit.names[model][-5:]}"
        order = f"{visit.random.getrandbits(48):012x}"
        answer = visit.post(
            "/buy", {"sku": sku, "order": order}, receipt_for={HTTPStatus.CREATED: ("sold", sku, order)}, target=shop
        )
        refused = answer.status == HTTPStatus.CONFLICT and visit.vouched(answer, "sold out", sku)
        visit.tally("told", answer.status > 0)
        if answer.genuine or refused:
            visit.tally("answered")
            visit.tally("swift", answer.latency <= SWIFT_SECONDS)
        return answer


class Daily(Buyer):
    """Buyers of eighty models that never sell out."""

    subjects = Group("daily", 80)
    line = "daily"

    def visit(self, visit: Visit) -> None:
        """Buy one pair."""
        self.buy(visit, visit.number % 80)


class Crowd(Buyer):
    """Crowds of ten buyers at one instant, for a model with eight pairs."""

    subjects = Group("crowd", 24)
    line = "drop"

    def visit(self, visit: Visit) -> None:
        """Buy ten times at one instant."""
        visit.volley(10, lambda: self.buy(visit, visit.number % 24))


class Fan(Buyer):
    """Fans of two models; each model is bought at two shops in turn."""

    abstract = True
    # The first fan comes after the phase's faults have begun.
    arrivals = Regular(delay=0.2)
    shops: ClassVar[tuple[tuple[str, str], tuple[str, str]]]

    def visit(self, visit: Visit) -> None:
        """Buy one pair."""
        turn, model = divmod(visit.number, 2)
        self.buy(visit, model, self.shops[model][turn % 2])


class Runner(Fan):
    """Fans of running shoes."""

    # Each shop that gets stuck or killed sells only one of the models, so that neither model is spared.
    shops = ((SALES[0], SALES[2]), (SALES[1], SALES[2]))
    subjects = Group("runner", 2)
    line = "runner"


class Hiker(Fan):
    """Fans of hiking boots."""

    # The first fan of each model comes to a shop that gets stuck.
    shops = ((SALES[0], SALES[1]), (SALES[2], SALES[1]))
    subjects = Group("hiker", 2)
    line = "hiker"


class Clerk(OpenUser):
    """The clerk, who checks that shelves and books agree."""

    targets = ("http://warehouse:8000",)
    arrivals = Regular()

    def visit(self, visit: Visit) -> None:
        """Count the shelves from which a pair was sold just now."""
        visit.get("/count")
