# The library `limits` counts each tenant's requests per two seconds in Redis, and weighs the last window's count by how
# much of it the sliding window still covers. So there are no edges at which a tenant gets two bursts. This strategy
# takes all times from the keys' expiry in Redis; that of `MovingWindowRateLimiter` would be each replica's own clock.
"""Gateway: the entrance to the quotes API.

Two replicas forward the requests of all tenants to one `quotes` service.
"""

import asyncio
import os
import time
from math import ceil
from typing import Annotated

import httpx2
from fastapi import Header, Response
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from kit import create_app

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

twenty_in_two_seconds = RateLimitItemPerSecond(20, 2)
limiter = SlidingWindowCounterRateLimiter(
    RedisStorage("async+redis://", connection_pool=store.connection_pool, implementation="redispy")
)


async def seconds_to_wait(tenant: str) -> float:
    """Count a request and return 0, or return the seconds until there is room for one."""
    try:
        async with asyncio.timeout(1):
            if await limiter.hit(twenty_in_two_seconds, tenant):
                return 0
            window = await limiter.get_window_stats(twenty_in_two_seconds, tenant)
            # At least a moment, because room may have come since the refusal.
            return max(0.001, window.reset_time - time.time())
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
