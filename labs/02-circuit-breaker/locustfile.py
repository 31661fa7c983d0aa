"""People in a shop: most look around, some buy something once and wait up to two seconds for the answer."""

from http import HTTPStatus

from loadtests import OpenUser, Visit


class Page(OpenUser):
    """People who look at a page."""

    abstract = True

    def visit(self, visit: Visit) -> None:
        """Look once."""
        visit.get("/page")


class Front(Page):
    """People on the front page."""

    targets = ("http://storefront:8000",)


class Search(Page):
    """People who search."""

    targets = ("http://search:8000",)


class Cart(Page):
    """People who look into their cart."""

    targets = ("http://cart:8000",)


class Checkout(OpenUser):
    """People who buy: payments' receipt makes an order paid, the outbox's makes it accepted."""

    targets = ("http://checkout:8000",)
    time_limit = 2.0
    tallies = ("paid",)

    def visit(self, visit: Visit) -> None:
        """Buy once."""
        order = f"{visit.random.getrandbits(48):012x}"
        wanted = {"order": order, "amount": visit.random.randint(100, 9999)}
        proofs: dict[int, tuple[str, str]] = {
            HTTPStatus.CREATED: ("paid", order),
            HTTPStatus.ACCEPTED: ("accepted", order),
        }
        answer = visit.post("/checkout", wanted, receipt_for=proofs)
        if answer.genuine and answer.status == HTTPStatus.CREATED:
            visit.tally("paid")
