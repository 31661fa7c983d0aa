"""The users of a shop: most look at something, some order. Each names its job, and is sent again by nobody."""

from loadtests import OpenUser, Regular, Visit

QUICK_SECONDS = 0.5
"""A job takes 100 ms; who waits five times as long has gone elsewhere."""


class User(OpenUser):
    """What users have in common."""

    abstract = True
    targets = ("http://balancer:8000",)
    arrivals = Regular()
    tallies = ("served",)


class View(User):
    """Users who look: to work it out twice hurts nobody."""

    def visit(self, visit: Visit) -> None:
        """Ask for a view of one's own."""
        job = f"v{visit.random.getrandbits(48):x}"
        answer = visit.get(f"/views/{job}", {"X-Client": job[:3]}, receipt_for=("view", job))
        if answer.genuine and answer.latency <= QUICK_SECONDS:
            visit.tally("served")


class Order(User):
    """Users who order: what is done twice is delivered twice."""

    def visit(self, visit: Visit) -> None:
        """Send an order of one's own."""
        job = f"o{visit.random.getrandbits(48):x}"
        answer = visit.post(f"/orders/{job}", {}, {"X-Client": job[:3]}, receipt_for=("order", job))
        if answer.genuine and answer.latency <= QUICK_SECONDS:
            visit.tally("served")
