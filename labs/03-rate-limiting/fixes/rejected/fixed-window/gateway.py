# Tempting: one counter for every two seconds of the clock, two commands in Redis, and it is what many tutorials show.
# But it forgets all at the window's edge: 20 just before it and 20 just after are 40 at once.
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

LIMIT, SECONDS = 20, 2

app = create_app()


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Pass a tenant's request on to quotes."""
    now = time.time()
    window = int(now // SECONDS)
    async with store.pipeline() as pipe:
        count, _ = (
            await pipe.incr(f"count:{x_tenant}:{window}").expire(f"count:{x_tenant}:{window}", SECONDS + 1).execute()
        )
    if count > LIMIT:
        return Response(status_code=429, headers={"Retry-After": str(ceil((window + 1) * SECONDS - now))})
    try:
        answer = await quotes.get("/quote", params={"symbol": symbol}, headers={"X-Tenant": x_tenant})
    except httpx2.TimeoutException:
        return Response(status_code=503)
    return Response(answer.content, answer.status_code, media_type="application/json")
