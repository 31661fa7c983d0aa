"""Cold start: a restarted service that fails again under too many calls."""

import asyncio


class ColdStart:
    """Stay cold until one call has lasted `seconds` without an overload.

    More than `crowd` calls at once fail the service for `down` seconds, and it starts cold again.
    """

    def __init__(self, seconds: float, crowd: int, down: float) -> None:
        self._seconds = seconds
        self._crowd = crowd
        self._down = down
        self._warm = False
        self._calls = 0
        self._knocked = asyncio.Event()
        self._up_again = 0.0

    async def survives(self) -> bool:
        """Hold one call as a cold service would, and return whether to serve it."""
        loop = asyncio.get_running_loop()
        if self._warm:
            return True
        if loop.time() < self._up_again:
            return False
        self._calls += 1
        knocked = self._knocked
        try:
            if self._calls > self._crowd:
                self._fall(loop.time())
                return False
            await asyncio.wait_for(knocked.wait(), self._seconds)
        except TimeoutError:
            self._warm = True
            return True
        else:
            return False
        finally:
            self._calls -= 1

    def _fall(self, now: float) -> None:
        self._up_again = now + self._down
        self._knocked.set()
        self._knocked = asyncio.Event()
