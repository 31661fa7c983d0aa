"""Users of a shop: most view pages, some order, some err. Each job has a name, and is sent once."""

from loadtests import Answer, OpenUser, Regular, Visit

QUICK_SECONDS = 0.5
"""A job takes 100 ms; a user gives up after five times that."""

WORKERS = tuple(f"worker-{number}" for number in range(1, 7))


class User(OpenUser):
    """Send jobs to the balancer, and tally those done within 500 ms, and the workers that did them."""

    abstract = True
    targets = ("http://balancer:8000",)
    arrivals = Regular()
    tallies = ("served", *WORKERS)

    @staticmethod
    def done(visit: Visit, answer: Answer) -> None:
        """Tally a job that was done."""
        if answer.genuine:
            # The receipt is for this worker, so nobody can name another.
            visit.tally(answer.body["worker"])
            if answer.latency <= QUICK_SECONDS:
                visit.tally("served")


class View(User):
    """View pages: a view that is done twice does no harm."""

    def visit(self, visit: Visit) -> None:
        """Request a view with a name of its own."""
        job = f"v{visit.random.getrandbits(48):x}"
        self.done(
            visit,
            visit.get(
                f"/views/{job}",
                {"X-Client": job[:3]},
                receipt_for=lambda answer: ("view", job, str(answer.body.get("worker"))),
            ),
        )


class Order(User):
    """Order: an order that is done twice is delivered twice."""

    def visit(self, visit: Visit) -> None:
        """Send an order with a name of its own."""
        job = f"o{visit.random.getrandbits(48):x}"
        self.done(
            visit,
            visit.post(
                f"/orders/{job}",
                {},
                {"X-Client": job[:3]},
                receipt_for=lambda answer: ("order", job, str(answer.body.get("worker"))),
            ),
        )


class Mistake(OpenUser):
    """Request a view whose name is too long, which every worker answers with 422."""

    targets = User.targets

    def visit(self, visit: Visit) -> None:
        """Request a view that cannot be."""
        job = f"x{visit.random.getrandbits(48):x}".ljust(80, "x")
        visit.get(f"/views/{job}", {"X-Client": job[:3]}, receipt_for=("view", job))
