"""People who order, and look later what has become of it."""

from loadtests import Answer, OpenUser, Regular, Visit

REPLICAS: tuple[str, ...] = ("http://orders-1:8000", "http://orders-2:8000")
BUDGET_SECONDS = 0.5
"""How long people wait to be told that their order is taken."""

SOON_SECONDS = 2.0
LOOKS = (SOON_SECONDS, 5.0, 8.0, 12.0)
"""When they look, in seconds after they were answered, until it has ended."""


class Customer(OpenUser):
    """What all of them do."""

    abstract = True
    targets = REPLICAS
    arrivals = Regular()
    tallies = ("ordered", "answered", "taken", "soon", "told", "shipped")

    def visit(self, visit: Visit) -> None:
        """Order, and look."""
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
        """Send an order to one of the replicas."""
        return visit.post("/orders", wanted)

    def told(self, visit: Visit, order: str) -> str:
        """Look, at the replica that lives, how an order has ended: `shipped`, with its receipt, or `cancelled`."""
        answer = visit.get(f"/orders/{order}", target=REPLICAS[1])
        state = str(answer.body.get("state")) if answer.succeeded else ""
        if state == "shipped" and not visit.vouched(answer, "shipped", order):
            return ""
        return state if state in ("shipped", "cancelled") else ""


class Buy(Customer):
    """Those who are sent to either replica."""


class Detour(Customer):
    """Those who come while one replica is away, or has just come back: they are sent to the other one."""

    targets = REPLICAS[1:]


class Twice(Customer):
    """Those whose order is delivered twice at one instant, once to each replica."""

    def send(self, visit: Visit, wanted: dict[str, object]) -> Answer:
        """Send an order to both replicas; what counts is the slower answer."""
        targets = iter(REPLICAS)
        answers = visit.volley(2, lambda: visit.post("/orders", wanted, target=next(targets)))
        return min(answers, key=lambda answer: (answer.succeeded, -answer.latency))
