"""A stock service: an app with capacity, ledger, receipts and faults, and a control port beside it.

`python -m kit.stock quotes` serves the `service` of the module `quotes`.
"""

import importlib
import os
import sys
from functools import cached_property

from kit import logs
from kit.app import create_app
from kit.capacity import Capacity
from kit.control import control_app
from kit.faults import FaultMiddleware, Faults
from kit.ledger import Ledger
from kit.phase import Phase
from kit.receipts import Receipts
from kit.secret import read_secret
from kit.serve import control_host, serve

PORT = 8000
CONTROL_PORT = 9000


class StockService:
    """What a stock service's file hangs its routes on (`app`), and what these use."""

    def __init__(self, *, workers: int = 5) -> None:
        self.app = create_app(metrics=False)
        self.phase = Phase()
        self.capacity = Capacity(workers, self.phase)
        self.ledger = Ledger(self.phase)
        self.faults = Faults(self.capacity)
        self.app.add_middleware(FaultMiddleware, faults=self.faults)

    @cached_property
    def receipts(self) -> Receipts:
        """Return what signs answers, under the run's secret."""
        return Receipts(read_secret())

    def run(self) -> None:
        """Serve the app on port 8000 everywhere, and the control port on the control network alone."""
        control = control_app(self.phase, self.faults, read_secret())
        port, control_port = (
            int(os.environ.get(f"ER_{n}", d)) for n, d in (("PORT", PORT), ("CONTROL_PORT", CONTROL_PORT))
        )
        serve((self.app, "0.0.0.0", port), (control, control_host(), control_port))  # noqa: S104 # in a container


def main() -> None:
    """Serve the stock service whose module's name is the first argument."""
    logs.install()
    service: StockService = importlib.import_module(sys.argv[1]).service
    service.run()


if __name__ == "__main__":
    main()
