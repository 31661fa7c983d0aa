"""Control twin: a service that does nothing, so when it is slow, the host is.

A busy host still runs a process that mostly sleeps as soon as it wakes, but not one that computes. Therefore the twin
has a canary: it asks for one CPU for a tenth of the time. It counts how long it waits for that, and how much work it
gets done.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from kit.background import running
from kit.service import StockService

WORK_SECONDS = 0.02
"""Longer than the scheduler's time slice on a busy host, shorter than the twin's CPU limit allows."""

EVERY_SECONDS = 0.2

ROUND = range(1000)
"""The numbers that one round of work adds up."""

rounds: defaultdict[tuple[str, ...], float] = defaultdict(float)
worked: defaultdict[tuple[str, ...], float] = defaultdict(float)
took: defaultdict[tuple[str, ...], float] = defaultdict(float)


def work() -> tuple[int, float, float]:
    """Use WORK_SECONDS of CPU, and return the rounds, CPU seconds and elapsed seconds."""
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

    async with running(sing()):
        yield


service = StockService("twin", lifespan=_canary)
service.telemetry.counter("canary_rounds", "Rounds of work that the canary did.", ("phase",), lambda: rounds)
service.telemetry.counter("canary_worked_seconds", "Processor time that the canary used.", ("phase",), lambda: worked)
service.telemetry.counter("canary_took_seconds", "How long it took to get that.", ("phase",), lambda: took)


@service.app.get("/")
async def answer() -> dict[str, str]:
    """Answer at once."""
    return {"status": "ok"}
