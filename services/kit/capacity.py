"""Capacity: a bounded pool of workers behind a first-in-first-out queue, so that overload means waiting."""

from asyncio import CancelledError, Future, get_running_loop
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from kit.phase import Phase


class Capacity:
    """Lend `workers` slots in the order in which they are asked for.

    Work that was accepted is done: nobody cancels a request whose client has gone, as in most real services, so a
    backlog of abandoned requests still costs its full time. A waiter that is cancelled (the service stops) leaves the
    queue, and its slot, if it was just given one, goes to the next.
    """

    def __init__(self, workers: int, phase: Phase) -> None:
        self.workers = workers
        self.busy = 0
        self.peaks: dict[str, int] = {phase.current: 0}
        self._phase = phase
        self._queue: deque[Future[None]] = deque()
        phase.on_enter(self._begin_peak)

    @property
    def queued(self) -> int:
        """Return the number of requests that wait for a worker."""
        return len(self._queue)

    @property
    def in_flight(self) -> int:
        """Return the number of requests that wait or are being worked on."""
        return self.busy + self.queued

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """Hold a worker, after waiting for one to be free."""
        await self._acquire()
        try:
            yield
        finally:
            self._release()

    def resize(self, workers: int) -> None:
        """Change the number of workers, at least 1, at once: new ones start, surplus ones finish what they do."""
        self.workers = workers
        self._start_waiting()

    async def _acquire(self) -> None:
        turn: Future[None] = get_running_loop().create_future()
        self._queue.append(turn)
        self._start_waiting()
        self._begin_or_raise_peak()
        try:
            await turn
        except CancelledError:
            if turn.cancelled():
                self._queue.remove(turn)
            else:
                self._release()
            raise

    def _release(self) -> None:
        self.busy -= 1
        self._start_waiting()


def _observe(read: Callable[[], int], options: CallbackOptions) -> Iterable[Observation]:
    del options
    yield Observation(read())
