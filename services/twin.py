"""The control twin: it does nothing for users, so when it is slow, the host is.

A service that mostly sleeps is served even by a crowded processor, as soon as it wakes; one that works is not. So the
twin has a canary too: it wants a processor for a tenth of the time, and counts how long it takes to get that, and how
much it could do with it.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from kit.service import StockService

WORK_SECONDS = 0.02
"""Longer than the scheduler lets a crowded processor work on one thing, shorter than what the twin's limit allows."""

EVERY_SECONDS = 0.2

ROUND = range(1000)
"""What is added up in a round of work."""

rounds: defaultdict[tuple[str, ...], float] = defaultdict(float)
worked: defaultdict[tuple[str, ...], float] = defaultdict(float)
took: defaultdict[tuple[str, ...], float] = defaultdict(float)


def work() -> tuple[int, float, float]:
    """Use WORK_SECONDS of a processor; return the rounds of work, what was used and how long that took, in seconds."""
    began, used_before = time.perf_counter(), time.thread_time()
    done = 0
    while (used := time.thread_time() - used_before) < WORK_SECONDS:
        sum(ROUND)
        done += 1
    return done, used, time.perf_counter() - began


@asynccontextmanager
async def _canary(_: FastAPI) -> AsyncIterator[None]:
    async def sing() -> None:
        while True:
            phase = service.phase.current
            done, used, seconds = await asyncio.to_thread(work)
            rounds[phase,] += done
            worked[phase,] += used
            took[phase,] += seconds
            await asyncio.sleep(EVERY_SECONDS - WORK_SECONDS)

    singing = asyncio.create_task(sing())
    yield
    singing.cancel()


service = StockService("twin", lifespan=_canary)
service.telemetry.counter("canary_rounds", "Rounds of work that the canary did.", ("phase",), lambda: rounds)
service.telemetry.counter("canary_worked_seconds", "Processor time that the canary used.", ("phase",), lambda: worked)
service.telemetry.counter("canary_took_seconds", "How long it took to get that.", ("phase",), lambda: took)


@service.app.get("/")
async def answer() -> dict[str, str]:
    """Answer at once."""
    return {"status": "ok"}
