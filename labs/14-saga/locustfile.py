"""Customers who order, and look up their order later."""

from loadtests import Answer, OpenUser, Regular, Visit

REPLICAS: tuple[str, ...] = ("http://orders-1:8000", "http://orders-2:8000")
BUDGET_SECONDS = 0.5
"""How long customers wait for the answer that their order is accepted."""

SOON_SECONDS = 2.0
LOOKS = (SOON_SECONDS, 5.0, 8.0, 12.0)
"""When customers look at their order, in seconds after the answer, until it has ended."""

AGAIN = (0.5, 2.0, 12.0)
"""When an order that has ended is delivered again, in seconds after it was seen, and after each delivery."""


class Customer(OpenUser):
    """Order, and look up the order until it has ended."""

    abstract = True
    targets = REPLICAS
    arrivals = Regular()
    tallies = ("ordered", "answered", "taken", "soon", "told", "shipped")

    def visit(self, visit: Visit) -> None:
        """Place an order and look it up at one of the replicas."""
        order = f"{visit.random.getrandbits(48):012x}"
        wanted = {"order": order, "item": "lamp", "quantity": 1, "amount": visit.random.randint(100, 9999)}
        replicas = visit.random.sample(REPLICAS, len(REPLICAS))
        answer = self.send(visit, wanted)
        visit.tally("ordered")
        visit.tally("answered", answer.succeeded and answer.latency <= BUDGET_SECONDS)
        if not answer.succeeded:
            return
        visit.tally("taken")
        for seconds in LOOKS:
            visit.pause(seconds, since=answer.at)
            if state := self.told(visit, order, replicas):
                soon = seconds == SOON_SECONDS
                visit.tally("told")
                visit.tally("soon", soon)
                visit.tally("shipped", soon and state == "shipped")
                self.send_again(visit, wanted)
                return

    def send(self, visit: Visit, wanted: dict[str, object]) -> Answer:
        """Send an order to one of the targets."""
        return visit.post("/orders", wanted)

    def send_again(self, visit: Visit, wanted: dict[str, object]) -> None:
        """Send an order that has ended again, or not."""

    def told(self, visit: Visit, order: str, replicas: list[str]) -> str:
        """Return how an order ended, `shipped` (with a receipt) or `cancelled`, from the first replica that answers."""
        for replica in replicas:
            answer = visit.get(f"/orders/{order}", target=replica)
            if answer.status:
                break
        state = str(answer.body.get("state")) if answer.succeeded else ""
        if state == "shipped" and not visit.vouched(answer, "shipped", order):
            return ""
        return state if state in ("shipped", "cancelled") else ""


class Buy(Customer):
    """Customers who are sent to either replica."""


class One(Customer):
    """Customers who are all sent to the first replica, because the other cannot answer, or to burden it."""

    targets = REPLICAS[:1]


class Other(Customer):
    """Customers who are all sent to the second replica."""

    targets = REPLICAS[1:]


class Twice(Customer):
    """Customers whose order reaches both replicas at the same instant, and again after it has ended."""

    def send(self, visit: Visit, wanted: dict[str, object]) -> Answer:
        """Send an order to both replicas; the slower answer counts."""
        targets = iter(REPLICAS)
        answers = visit.volley(2, lambda: visit.post("/orders", wanted, target=next(targets)))
        return min(answers, key=lambda answer: (answer.succeeded, -answer.latency))

    def send_again(self, visit: Visit, wanted: dict[str, object]) -> None:
        """Send it three times more, the last time much later."""
        for seconds in AGAIN:
            visit.pause(seconds)
            visit.post("/orders", wanted)
