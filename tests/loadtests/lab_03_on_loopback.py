"""The locustfile of lab 03, with targets of the test."""

import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from loadtests import OpenUser, Visit

_spec = spec_from_file_location("lab_03", Path(__file__).parents[2] / "labs" / "03-rate-limiting" / "locustfile.py")
assert _spec
assert _spec.loader
_lab = module_from_spec(_spec)
_spec.loader.exec_module(_lab)
_lab.Tenant.targets = tuple(os.environ["ER_TEST_TARGETS"].split(","))

Polite, Noisy, Behaving, Probe = _lab.Polite, _lab.Noisy, _lab.Behaving, _lab.Probe


class Twin(OpenUser):
    """Replace the twin by a target of the test."""

    targets = _lab.Tenant.targets

    def visit(self, visit: Visit) -> None:
        """Ask once."""
        visit.get("/")
