"""Visitors of a shop: most view pages, some buy once and wait up to 2 s for the answer."""

from http import HTTPStatus

from loadtests import OpenUser, Visit


class Page(OpenUser):
    """View a page."""

    abstract = True

    def visit(self, visit: Visit) -> None:
        """View the page once."""
        visit.get("/page")


class Front(Page):
    """View the front page."""

    targets = ("http://storefront:8000",)


class Search(Page):
    """View search results."""

    targets = ("http://search:8000",)


class Cart(Page):
    """View the cart."""

    targets = ("http://cart:8000",)


class Checkout(OpenUser):
    """Buy: a 201 needs payments' receipt, a 202 needs the outbox's."""

    targets = ("http://checkout:8000",)
    time_limit = 2.0
    tallies = ("paid",)

    def visit(self, visit: Visit) -> None:
        """Place one order, and tally a paid one."""
        order = f"{visit.random.getrandbits(48):012x}"
        wanted = {"order": order, "amount": visit.random.randint(100, 9999)}
        proofs: dict[int, tuple[str, str]] = {
            HTTPStatus.CREATED: ("paid", order),
            HTTPStatus.ACCEPTED: ("accepted", order),
        }
        answer = visit.post("/checkout", wanted, receipt_for=proofs)
        if answer.genuine and answer.status == HTTPStatus.CREATED:
            visit.tally("paid")
