"""People who order, and who look two seconds later where their parcel is."""

from collections import deque
from typing import ClassVar

from loadtests import OpenUser, Regular, Visit

CARRIERS = ("carrier-1", "carrier-2", "carrier-3")
REGIONS = ("north", "south", "east")
BROUGHT_SECONDS = 2.0


class Customer(OpenUser):
    """What both have in common: the orders that were placed, each with its carrier, oldest first."""

    abstract = True
    targets = ("http://storefront:8000",)
    arrivals = Regular()
    placed: ClassVar[deque[tuple[float, str, str]]] = deque(maxlen=1000)


class Order(Customer):
    """People who order; every carrier and every region has its turn."""

    def visit(self, visit: Visit) -> None:
        """Order something."""
        carrier, region = CARRIERS[visit.number % 3], REGIONS[visit.number // 3 % 3]
        email = f"{visit.random.getrandbits(40):x}@mail.example"
        answer = visit.post("/orders", {"email": email, "carrier": carrier, "region": region})
        if number := answer.body.get("order"):
            self.placed.append((answer.at, number, carrier))


class Parcel(Customer):
    """People who have ordered, and would like to know where it is."""

    def visit(self, visit: Visit) -> None:
        """Take the oldest order that nobody has looked for, and look as soon as it should have been brought."""
        if self.placed:
            at, number, carrier = self.placed.popleft()
            visit.pause(BROUGHT_SECONDS, since=at)
            visit.get(f"/tracking/{number}", receipt_for=("parcel", number), target=f"http://{carrier}:8000")
