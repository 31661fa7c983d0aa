"""What users do; when and how many is in the manifest."""

from loadtests import Group, OpenUser, Visit


class Visitor(OpenUser):
    """Somebody who looks at a price."""

    targets = ("http://front:8000",)
    subjects = Group("visitors", 20)

    def visit(self, visit: Visit) -> None:
        """Ask once."""
        visitor = visit.random.choice(visit.names)
        visit.get("/price?symbol=ACME", {"X-Tenant": visitor}, receipt_for=(visitor, "ACME"))
