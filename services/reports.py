"""Reports: a tenant's month, computed by eight workers in 200 ms.

All reports in flight share the workers.

With more reports than workers each gets slower, and so does the total, because they compete for memory and disks.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import FastAPI, Header, Path, Request, Response

from kit.background import running
from kit.connection import connection_of
from kit.phase import CurrentPhase
from kit.service import StockService

WORK_SECONDS = 0.2
TICK_SECONDS = 0.02

THRASH = 1.5
"""With twice as many reports as workers, each is computed at 0.5 ** THRASH of its speed."""

ALL = "all"
"""The account that sums all tenants."""


@dataclass(eq=False)
class Report:
    """Hold a report in flight.

    `left` is in seconds of undisturbed work.
    """

    left: float = WORK_SECONDS
    done: asyncio.Event = field(default_factory=asyncio.Event)


class ProcessorSharing:
    """Share the workers among all reports.

    By phase, it keeps `peaks` of the reports in flight, also by tenant, and `seconds`, the sum of the time that each
    report was in flight.
    """

    def __init__(self, phase: CurrentPhase) -> None:
        self.peaks: dict[tuple[str, ...], int] = {}
        self.seconds: defaultdict[tuple[str, ...], float] = defaultdict(float)
        self._phase = phase
        self._reports: set[Report] = set()
        self._by_tenant: Counter[str] = Counter()
        phase.on_enter(self._restart_peaks)

    @property
    def in_flight(self) -> int:
        """Return the number of reports in flight."""
        return len(self._reports)

    @contextmanager
    def started(self, tenant: str) -> Iterator[Report]:
        """Keep a report in flight inside the block."""
        report = Report()
        self._reports.add(report)
        self._by_tenant[tenant] += 1
        self._note(ALL, len(self._reports))
        self._note(tenant, self._by_tenant[tenant])
        try:
            yield report
        finally:
            self._reports.remove(report)
            self._by_tenant[tenant] -= 1

    def work(self, seconds: float, workers: int) -> None:
        """Do the work of `workers` in `seconds`."""
        self.seconds[self._phase.current,] += seconds * len(self._reports)
        speed = min(1.0, (workers / max(1, len(self._reports))) ** THRASH)
        for report in self._reports:
            report.left -= seconds * speed
            if report.left <= 0:
                report.done.set()

    def _note(self, account: str, count: int) -> None:
        key = (account, self._phase.current)
        self.peaks[key] = max(self.peaks.get(key, 0), count)

    def _restart_peaks(self, phase: str) -> None:
        for account, count in [(ALL, len(self._reports)), *self._by_tenant.items()]:
            self.peaks[account, phase] = count


@asynccontextmanager
async def _working(_: FastAPI) -> AsyncIterator[None]:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = loop.time()
            sharing.work(now - last, service.capacity.workers)
            last = now

    async with running(work()):
        yield


service = StockService("reports", workers=8, lifespan=_working)
sharing = ProcessorSharing(service.phase)
service.in_flight = lambda: sharing.in_flight
service.telemetry.counter(
    "reports_in_flight_seconds", "The time of all reports in flight.", ("phase",), lambda: sharing.seconds
)
service.telemetry.gauge(
    "reports_in_flight_peak", "The most reports in flight within a phase.", ("account", "phase"), lambda: sharing.peaks
)


@service.app.get("/reports/{month}", response_model=None)
async def report(
    request: Request,
    month: Annotated[str, Path(max_length=16)],
    x_tenant: Annotated[str, Header(max_length=64)],
) -> Response | dict[str, str]:
    """Compute a tenant's month, with a receipt.

    Stop when the client leaves.
    """
    with sharing.started(x_tenant) as report:
        if await connection_of(request.scope).closes_before(report.done):
            return Response(status_code=499)
    service.ledger.record("report", account=x_tenant)
    return {"month": month, "receipt": service.receipts.issue(x_tenant, month)}
