"""Customers who order, and who look up their parcel 2 s later."""

from collections import deque
from typing import ClassVar

from loadtests import OpenUser, Regular, Visit

CARRIERS = ("carrier-1", "carrier-2", "carrier-3")
REGIONS = ("north", "south", "east")
BROUGHT_SECONDS = 2.0


class Customer(OpenUser):
    """Keep the placed orders, each with its carrier, oldest first."""

    abstract = True
    targets = ("http://storefront:8000",)
    arrivals = Regular()
    placed: ClassVar[deque[tuple[float, str, str]]] = deque(maxlen=1000)


class Order(Customer):
    """Customers who order; carriers and regions take turns."""

    def visit(self, visit: Visit) -> None:
        """Place an order."""
        carrier, region = CARRIERS[visit.number % 3], REGIONS[visit.number // 3 % 3]
        email = f"{visit.random.getrandbits(40):x}@mail.example"
        answer = visit.post("/orders", {"email": email, "carrier": carrier, "region": region})
        if number := answer.body.get("order"):
            self.placed.append((answer.at, number, carrier))


class Parcel(Customer):
    """Customers who look up the parcel of their order."""

    def visit(self, visit: Visit) -> None:
        """Look up the oldest order that was not looked up, once it is due."""
        if self.placed:
            at, number, carrier = self.placed.popleft()
            visit.pause(BROUGHT_SECONDS, since=at)
            visit.get(f"/tracking/{number}", receipt_for=("parcel", number), target=f"http://{carrier}:8000")
