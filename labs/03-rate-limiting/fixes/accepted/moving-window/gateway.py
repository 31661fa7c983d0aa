# The library `limits` keeps the times of each tenant's last 20 admissions in Redis; the oldest must be 2 s old. A
# moving window has no edges at which a tenant gets two bursts.
"""Gateway: the entrance to the quotes API.

Two replicas forward the requests of all tenants to one `quotes` service.
"""

import os
import time
from math import ceil
from typing import Annotated

import httpx2
from fastapi import Header, Response
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis
from redis.backoff import NoBackoff
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
limiter = MovingWindowRateLimiter(
    RedisStorage("async+redis://", connection_pool=store.connection_pool, implementation="redispy")
)

app = create_app()


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Forward a tenant's request to quotes."""
    if not await limiter.hit(twenty_in_two_seconds, x_tenant):
        window = await limiter.get_window_stats(twenty_in_two_seconds, x_tenant)
        return Response(status_code=429, headers={"Retry-After": str(max(1, ceil(window.reset_time - time.time())))})
    try:
        answer = await quotes.get("/quote", params={"symbol": symbol}, headers={"X-Tenant": x_tenant})
    except httpx2.TimeoutException:
        return Response(status_code=503)
    return Response(answer.content, answer.status_code, media_type="application/json")
