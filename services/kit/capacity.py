"""Capacity: a bounded pool of workers behind a first-in-first-out queue."""

from asyncio import CancelledError, Future, get_running_loop
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kit.phase import CurrentPhase


class Capacity:
    """Lend `workers` to requests, first in, first out.

    Accepted work is done, as in most real services. A client that gives up does not cancel its request, so a backlog
    of abandoned requests costs its full time. A request that is cancelled because the service stops leaves the queue,
    and a worker that it was just given goes to the next.
    """

    def __init__(self, workers: int, phase: CurrentPhase) -> None:
        self.workers = workers
        self.busy = 0
        self.peak_by_phase: dict[str, int] = {}
        self._phase = phase
        self._queue: deque[Future[None]] = deque()
        phase.on_enter(self._restart_peak)
        self._restart_peak(phase.current)

    @property
    def queued(self) -> int:
        """Return the number of requests that wait for a worker."""
        return len(self._queue)

    @property
    def in_flight(self) -> int:
        """Return the number of requests that wait for a worker or hold one."""
        return self.busy + self.queued

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """Wait in the queue for a free worker, and hold it inside the block."""
        await self._acquire()
        try:
            yield
        finally:
            self._release()

    def resize(self, workers: int) -> None:
        """Change the number of workers at once.

        Surplus ones finish their request.
        """
        self.workers = workers
        self._wake_next()

    async def _acquire(self) -> None:
        waiter: Future[None] = get_running_loop().create_future()
        self._queue.append(waiter)
        self._wake_next()
        phase = self._phase.current
        self.peak_by_phase[phase] = max(self.peak_by_phase[phase], self.in_flight)
        try:
            await waiter
        except CancelledError:
            if waiter in self._queue:
                self._queue.remove(waiter)
            elif not waiter.cancelled():
                self._release()
            raise

    def _release(self) -> None:
        self.busy -= 1
        self._wake_next()

    def _wake_next(self) -> None:
        while self._queue and self.busy < self.workers:
            waiter = self._queue.popleft()
            if not waiter.cancelled():
                self.busy += 1
                waiter.set_result(None)

    def _restart_peak(self, phase: str) -> None:
        self.peak_by_phase[phase] = self.in_flight
