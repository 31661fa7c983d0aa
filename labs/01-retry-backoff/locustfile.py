"""Customers that place one order each and wait up to 6 s for the answer."""

from http import HTTPStatus

from loadtests import OpenUser, Visit

ITEMS: tuple[str, ...] = ("kettle", "lamp", "teapot", "clock", "radio", "chair")
BUDGET_SECONDS = 5


class Customer(OpenUser):
    """Place orders; a success must carry a receipt for this order and item."""

    abstract = True
    targets = ("http://checkout-1:8000", "http://checkout-2:8000")
    time_limit = 6.0
    items = ITEMS
    tallies = ("answered_in_budget",)

    def visit(self, visit: Visit) -> None:
        """Place one order, and tally an answer within the budget."""
        order, item = f"{visit.random.getrandbits(48):012x}", visit.random.choice(self.items)
        wanted = {"order": order, "item": item, "quantity": visit.random.randint(1, 5)}
        answer = visit.post("/orders", wanted, receipt_for=(order, item))
        told_when = answer.status == HTTPStatus.SERVICE_UNAVAILABLE and answer.retry_after is not None
        if (answer.succeeded or told_when) and answer.latency <= BUDGET_SECONDS:
            visit.tally("answered_in_budget")


class Order(Customer):
    """Order items that are in stock."""


class Bad(Customer):
    """Order discontinued items, which are answered with 422."""

    items = ("gramophone", "typewriter")
