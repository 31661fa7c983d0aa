"""Stock service: an app with control port, capacity, ledger and receipts."""

from collections import Counter
from collections.abc import Callable
from math import prod

from fastapi import FastAPI
from starlette.types import Lifespan

from kit.app import measured_app
from kit.arrivals import Arrivals
from kit.capacity import Capacity
from kit.control import control_app
from kit.faults import CapacityFault, Faults
from kit.hits import Hits
from kit.injection import Injection
from kit.ledger import Ledger
from kit.phase import CurrentPhase
from kit.receipts import Receipts
from kit.returns import Returns
from kit.secret import read_secret
from kit.telemetry import Telemetry


class StockService:
    """Combine an app for routes with capacity, ledger, receipts and a control port.

    `workers` bounds the work that is done at once. With None nothing bounds it, and no metric of work is exported.
    `in_flight` counts work that is queued, being done, or held by a fault; a service may replace it.
    Raises SetupError when the run's secret cannot be read.
    """

    in_flight: Callable[[], int]

    def __init__(self, name: str, workers: int | None = None, lifespan: Lifespan[FastAPI] | None = None) -> None:
        secret = read_secret()
        telemetry = Telemetry()
        requests: Counter[tuple[str, ...]] = Counter()
        self.name = name
        self.phase = CurrentPhase()
        self.capacity = Capacity(workers or 1, self.phase)
        self.in_flight = lambda: self.capacity.in_flight + self.faults.held
        self.ledger = Ledger(self.phase)
        self.receipts = Receipts(secret)
        self.faults = Faults()
        self.faults.on_change(self._resize)
        self.app = measured_app(telemetry, lifespan)
        returns = Returns(self.phase)
        hits = Hits(self.phase, self.faults)
        self.app.add_middleware(Injection, faults=self.faults, returns=returns, hits=hits)
        # Added last, so that it is outside of the faults and counts requests that they end.
        self.app.add_middleware(Arrivals, phase=self.phase, counts=requests)
        self.control = control_app(secret, self.phase, self.faults, telemetry)
        self.telemetry = telemetry
        telemetry.counter("fault_hits", "Requests that faults hit.", ("kind", "phase"), lambda: hits.counts)
        telemetry.gauge(
            "fault_lull_seconds",
            "The longest time, lasting into the phase, in which a fault had no request to hit.",
            ("kind", "phase"),
            hits.lulls,
        )
        self._workers = workers or 1
        self._export_requests(telemetry, requests, returns)
        if workers is not None:
            self._export_work(telemetry)

    def _resize(self) -> None:
        faults = [active.fault for active in self.faults.active]
        factor = prod(fault.factor for fault in faults if isinstance(fault, CapacityFault))
        self.capacity.resize(max(1, round(self._workers * factor)))

    def _export_requests(self, telemetry: Telemetry, requests: Counter[tuple[str, ...]], returns: Returns) -> None:
        telemetry.gauge("phase_current", "1 for the current phase.", ("phase",), lambda: {(self.phase.current,): 1})
        telemetry.counter(
            "service_requests", "Requests by phase of arrival and status.", ("phase", "status"), lambda: requests
        )
        telemetry.gauge(
            "service_returned_together_ratio",
            "The share of a caller's orders, cut off by a hang, that came back within the same 100 ms.",
            ("phase",),
            returns.together,
        )
        telemetry.counter(
            "ledger_entries", "Work that was done.", ("entry", "account", "phase"), lambda: self.ledger.counts
        )

    def _export_work(self, telemetry: Telemetry) -> None:
        work, peaks = self.capacity, self.capacity.peak_by_phase
        telemetry.gauge(
            "work_in_flight", "Work queued, being done, or held by a fault.", (), lambda: {(): self.in_flight()}
        )
        telemetry.gauge(
            "work_in_flight_peak",
            "The most work in flight within a phase.",
            ("phase",),
            lambda: {(phase,): peak for phase, peak in peaks.items()},
        )
        telemetry.gauge("work_queued", "Work waiting for a worker.", (), lambda: {(): work.queued})
        telemetry.gauge("work_capacity", "Workers.", (), lambda: {(): work.workers})
