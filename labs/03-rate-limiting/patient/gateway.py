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

app = create_app()


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Pass a tenant's request on to quotes."""
    # TODO: each tenant may make 10 requests a second, with bursts of 20, over both replicas together.
    try:
        answer = await quotes.get("/quote", params={"symbol": symbol}, headers={"X-Tenant": x_tenant})
    except httpx2.TimeoutException:
        return Response(status_code=503)
    return Response(answer.content, answer.status_code, media_type="application/json")
