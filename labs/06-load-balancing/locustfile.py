"""Users of a shop: most view pages, some order. Each job has a name, and is sent once."""

from loadtests import OpenUser, Regular, Visit

QUICK_SECONDS = 0.5
"""A job takes 100 ms; a user gives up after five times that."""


class User(OpenUser):
    """Send jobs to the balancer, and tally those done within 500 ms."""

    abstract = True
    targets = ("http://balancer:8000",)
    arrivals = Regular()
    tallies = ("served",)


class View(User):
    """View pages: a view that is done twice does no harm."""

    def visit(self, visit: Visit) -> None:
        """Request a view with a name of its own."""
        job = f"v{visit.random.getrandbits(48):x}"
        answer = visit.get(f"/views/{job}", {"X-Client": job[:3]}, receipt_for=("view", job))
        if answer.genuine and answer.latency <= QUICK_SECONDS:
            visit.tally("served")


class Order(User):
    """Order: an order that is done twice is delivered twice."""

    def visit(self, visit: Visit) -> None:
        """Send an order with a name of its own."""
        job = f"o{visit.random.getrandbits(48):x}"
        answer = visit.post(f"/orders/{job}", {}, {"X-Client": job[:3]}, receipt_for=("order", job))
        if answer.genuine and answer.latency <= QUICK_SECONDS:
            visit.tally("served")
