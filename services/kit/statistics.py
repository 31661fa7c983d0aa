"""Statistics of database and store by phase, which a patient can neither write nor reset."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from kit.background import running
from kit.phase import CurrentPhase
from kit.telemetry import Telemetry
from kit.window import most_within

POLL_SECONDS = 0.1
TOGETHER_SECONDS = 1.0
LOCK_SECONDS = 10.0
"""A key with a shorter time to live is not a cache entry, but a lock or the like."""

FOR_EVER = -1
"""The answer of Redis to PTTL for a key without a time to live."""

DATABASE_QUERY = """
SELECT (SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements(false)
        WHERE userid = current_user::regrole AND NOT toplevel) AS queries,
       (SELECT coalesce(sum(rows), 0)::bigint FROM pg_stat_statements(false)
        WHERE userid = current_user::regrole AND NOT toplevel) AS found,
       count(*) AS connections,
       count(*) FILTER (WHERE state = 'active') AS active
FROM pg_stat_activity WHERE usename = 'patient'
"""
"""Source: the extension pg_stat_statements. Queries within the owner's functions are not top level."""


class DatabaseStatistics:
    """Export the queries that the owner's functions execute for the patient.

    `database_queries_total` counts them by phase and by whether they found a row. `database_connections_peak` is the
    most connections that the patient had open at one poll of a phase. `work_in_flight` counts active ones.
    """

    def __init__(self, phase: CurrentPhase, telemetry: Telemetry) -> None:
        self._queries: Counter[tuple[str, ...]] = Counter()
        self._peaks: Counter[tuple[str, ...]] = Counter()
        self._active = 0
        self._before: tuple[int, int] | None = None
        self._phase = phase.current
        telemetry.counter(
            "database_queries", "Queries by whether they found a row.", ("found", "phase"), lambda: self._queries
        )
        telemetry.gauge("database_connections_peak", "The most connections.", ("phase",), lambda: self._peaks)
        telemetry.gauge("work_in_flight", "The patient's queries at work.", (), lambda: {(): self._active})

    async def poll(self, database: "asyncpg.Pool[asyncpg.Record]", phase: str) -> None:
        """Poll once.

        Queries since the last poll count in the phase of that poll.
        A failed poll counts nothing and is repeated, so a phase without a successful poll has no evidence.
        """
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            row = await database.fetchrow(DATABASE_QUERY)
            now = row["queries"], row["found"]
            before = self._before or now
            queries, found = now[0] - before[0], now[1] - before[1]
            self._before, self._active = now, row["active"]
            self._queries["yes", self._phase] += found
            self._queries["no", self._phase] += queries - found
            self._peaks[self._phase,] = max(self._peaks[self._phase,], row["connections"])
            self._phase = phase
            for answer in ("yes", "no"):
                self._queries[answer, phase] += 0


class StoreStatistics:
    """Export how the keys in Redis expire.

    `store_keys_lasting_peak` is the most keys without a time to live. `store_expiring_together_peak` is the most keys
    that were to expire within TOGETHER_SECONDS. Both are by phase.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self._lasting: Counter[tuple[str, ...]] = Counter()
        self._together: Counter[tuple[str, ...]] = Counter()
        telemetry.gauge(
            "store_keys_lasting_peak", "The most keys without a time to live.", ("phase",), lambda: self._lasting
        )
        telemetry.gauge(
            "store_expiring_together_peak", "The most keys to expire at once.", ("phase",), lambda: self._together
        )

    async def poll(self, store: Redis, phase: str) -> None:
        """Poll once.

        A failed poll changes nothing.
        """
        with suppress(RedisError, OSError):
            keys = [key async for key in store.scan_iter(count=1000)]
            async with store.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.pttl(key)
                left = await pipeline.execute()
            self._lasting[phase,] = max(self._lasting[phase,], left.count(FOR_EVER))
            self._together[phase,] = max(self._together[phase,], most_together([time / 1000 for time in left]))


def most_together(seconds: list[float]) -> int:
    """Return the most of these times to live that end within TOGETHER_SECONDS."""
    return most_within(TOGETHER_SECONDS, sorted(time for time in seconds if time > LOCK_SECONDS))


@asynccontextmanager
async def polling(phase: CurrentPhase, poll: Callable[[str], Awaitable[None]]) -> AsyncIterator[None]:
    """Poll every POLL_SECONDS and at once at each phase edge, inside the block."""
    edge = asyncio.Event()
    phase.on_enter(lambda _: edge.set())

    async def keep_polling() -> None:
        while True:
            edge.clear()
            await poll(phase.current)
            with suppress(TimeoutError):
                await asyncio.wait_for(edge.wait(), POLL_SECONDS)

    async with running(keep_polling()):
        yield
