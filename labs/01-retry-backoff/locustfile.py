"""Customers, who order something once and wait up to six seconds for it."""

from http import HTTPStatus

from loadtests import OpenUser, Visit

ITEMS: tuple[str, ...] = ("kettle", "lamp", "teapot", "clock", "radio", "chair")
BUDGET_SECONDS = 5


class Customer(OpenUser):
    """What customers do: place an order; its stock must be held for this order and item."""

    abstract = True
    targets = ("http://checkout-1:8000", "http://checkout-2:8000")
    time_limit = 6.0
    items = ITEMS
    tallies = ("answered_in_budget",)

    def visit(self, visit: Visit) -> None:
        """Order once."""
        order, item = f"{visit.random.getrandbits(48):012x}", visit.random.choice(self.items)
        wanted = {"order": order, "item": item, "quantity": visit.random.randint(1, 5)}
        answer = visit.post("/orders", wanted, receipt_for=(order, item))
        told_when = answer.status == HTTPStatus.SERVICE_UNAVAILABLE and answer.retry_after is not None
        if (answer.succeeded or told_when) and answer.latency <= BUDGET_SECONDS:
            visit.tally("answered_in_budget")


class Order(Customer):
    """Orders of what there is."""


class Bad(Customer):
    """Orders of what is not made any more: the answer is 422."""

    items = ("gramophone", "typewriter")
