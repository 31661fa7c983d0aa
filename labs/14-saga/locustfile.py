"""Customers who order, and look up their order later."""

from loadtests import Answer, OpenUser, Regular, Visit

REPLICAS: tuple[str, ...] = ("http://orders-1:8000", "http://orders-2:8000")
BUDGET_SECONDS = 0.5
"""How long customers wait for the answer that their order is accepted."""

SOON_SECONDS = 2.0
LOOKS = (SOON_SECONDS, 5.0, 8.0, 12.0)
"""When customers look at their order, in seconds after the answer, until it has ended."""


class Customer(OpenUser):
    """Order, and look up the order until it has ended."""

    abstract = True
    targets = REPLICAS
    arrivals = Regular()
    tallies = ("ordered", "answered", "taken", "soon", "told", "shipped")

    def visit(self, visit: Visit) -> None:
        """Place an order and look it up."""
        order = f"{visit.random.getrandbits(48):012x}"
        amount = visit.random.randint(100, 9999)
        answer = self.send(visit, {"order": order, "item": "lamp", "quantity": 1, "amount": amount})
        visit.tally("ordered")
        visit.tally("answered", answer.succeeded and answer.latency <= BUDGET_SECONDS)
        if not answer.succeeded:
            return
        visit.tally("taken")
        for seconds in LOOKS:
            visit.pause(seconds, since=answer.at)
            if state := self.told(visit, order):
                soon = seconds == SOON_SECONDS
                visit.tally("told")
                visit.tally("soon", soon)
                visit.tally("shipped", soon and state == "shipped")
                return

    def send(self, visit: Visit, wanted: dict[str, object]) -> Answer:
        """Send an order to the next replica."""
        return visit.post("/orders", wanted)

    def told(self, visit: Visit, order: str) -> str:
        """Return how an order ended, `shipped` (with a receipt) or `cancelled`, from the live replica."""
        answer = visit.get(f"/orders/{order}", target=REPLICAS[1])
        state = str(answer.body.get("state")) if answer.succeeded else ""
        if state == "shipped" and not visit.vouched(answer, "shipped", order):
            return ""
        return state if state in ("shipped", "cancelled") else ""


class Buy(Customer):
    """Customers who are sent to either replica."""


class Detour(Customer):
    """Customers sent to one replica while the other is down or has just come back."""

    targets = REPLICAS[1:]


class Twice(Customer):
    """Customers whose order reaches both replicas at the same instant."""

    def send(self, visit: Visit, wanted: dict[str, object]) -> Answer:
        """Send an order to both replicas; the slower answer counts."""
        targets = iter(REPLICAS)
        answers = visit.volley(2, lambda: visit.post("/orders", wanted, target=next(targets)))
        return min(answers, key=lambda answer: (answer.succeeded, -answer.latency))
