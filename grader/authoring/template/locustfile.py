"""The visits of users. The manifest has their times and numbers."""

from loadtests import Group, OpenUser, Visit


class Visitor(OpenUser):
    """A visitor that looks at a price."""

    targets = ("http://front:8000",)
    subjects = Group("visitors", 20)

    def visit(self, visit: Visit) -> None:
        """Ask once."""
        visitor = visit.random.choice(visit.names)
        visit.get("/price?symbol=ACME", {"X-Tenant": visitor}, receipt_for=(visitor, "ACME"))
