# A token bucket for each tenant, in Redis: a script takes a token atomically, for both replicas. A bucket holds 20
# tokens and refills 10 per second; a refusal says when the next token is there. The clock is that of Redis, because
# those of the replicas differ. Redis deletes the bucket of a tenant that has gone.
"""Gateway: the entrance to the quotes API.

Two replicas forward the requests of all tenants to one `quotes` service.
"""

import asyncio
import os
from math import ceil
from typing import Annotated

import httpx2
from fastapi import Header, Response
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

RATE, BURST = 10, 20

# Redis runs a script atomically, so that no other command comes between its read and its write.
take_token = store.register_script("""
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call("TIME")
local now = time[1] + time[2] / 1e6
local bucket = redis.call("HMGET", KEYS[1], "tokens", "at")
local tokens = math.min(burst, (bucket[1] or burst) + (now - (bucket[2] or now)) * rate)
local wait = 0
if tokens < 1 then
    wait = (1 - tokens) / rate
else
    tokens = tokens - 1
end
redis.call("HSET", KEYS[1], "tokens", tokens, "at", now)
redis.call("EXPIRE", KEYS[1], math.ceil(burst / rate) + 1)
return tostring(wait)
""")


async def seconds_to_wait(tenant: str) -> float:
    """Take a token and return 0, or return the seconds until there is one."""
    try:
        async with asyncio.timeout(1):
            return float(await take_token([f"bucket:{tenant}"], [RATE, BURST]))
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
