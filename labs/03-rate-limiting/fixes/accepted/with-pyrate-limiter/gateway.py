# pyrate-limiter keeps a token bucket for each tenant in Redis, as one number that a script changes atomically. Redis
# deletes it when the tenant has gone. The time is that of Redis, because the library's own is each replica's clock.
"""Gateway: the entrance to the quotes API.

Two replicas forward the requests of all tenants to one `quotes` service.
"""

import asyncio
import os
from math import ceil
from typing import TYPE_CHECKING, Annotated, cast

import httpx2
from fastapi import Header, Response
from pyrate_limiter import Duration, Rate, RateItem, RedisStateStore, StateBucket, TokenBucket
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from kit import create_app

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from pyrate_limiter import Decision

# A request that gets no connection within 2 s is answered 503, because waiting longer helps nobody.
quotes = httpx2.AsyncClient(
    base_url=os.environ.get("QUOTES_URL", "http://quotes:8000"),
    limits=httpx2.Limits(max_connections=100),
    timeout=httpx2.Timeout(5, pool=2),
)

# Both replicas share it. The client's hidden retries are off, so that a failing store is visible.
store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://patient:patient@redis:6379/0"),
    retry=Retry(NoBackoff(), 0),
    socket_timeout=1,
)

TEN_PER_SECOND = Rate(10, Duration.SECOND, burst=20)


async def seconds_to_wait(tenant: str) -> float:
    """Take a token and return 0, or return the seconds until there is one."""
    try:
        async with asyncio.timeout(1):
            seconds, microseconds = await store.time()
            bucket = StateBucket([TEN_PER_SECOND], TokenBucket(), RedisStateStore(store, f"bucket:{tenant}"))
            item = RateItem(tenant, seconds * 1000 + microseconds // 1000)
            # The library serves synchronous clients of Redis too, so its types leave open which one it is.
            decision = await cast("Awaitable[Decision]", bucket.put_decision(item))
            return (decision.retry_after_ms or 0) / 1000
    except (RedisError, TimeoutError):
        return 0  # It fails open: without Redis, all tenants get quotes and none has a limit.


app = create_app()


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Forward a tenant's request to quotes."""
    wait = await seconds_to_wait(x_tenant)
    if wait > 0:
        return Response(status_code=429, headers={"Retry-After": str(ceil(wait))})
    try:
        answer = await quotes.get("/quote", params={"symbol": symbol}, headers={"X-Tenant": x_tenant})
    except httpx2.TimeoutException:
        return Response(status_code=503)
    return Response(answer.content, answer.status_code, media_type="application/json")
