# Tempts, as no saga is ever left alone: each replica looks for what has not ended, whoever began it. So two go on with
# one saga, and while shipping refuses the one, and the money is paid back, it sends the parcel for the other.
"""Orders: has an order's stock held, its money taken and its parcel sent.

Two replicas of it share one database.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

import asyncpg
import httpx2
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from kit import create_app

DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql://patient:patient@postgres/postgres")
INVENTORY = os.environ.get("INVENTORY_URL", "http://inventory:8000")
PAYMENTS = os.environ.get("PAYMENTS_URL", "http://payments:8000")
SHIPPING = os.environ.get("SHIPPING_URL", "http://shipping:8000")

# What is done for an order, step by step; and what undoes the first two, each with the order's number behind it.
COMMANDS = (f"{INVENTORY}/holds", f"{PAYMENTS}/charges", f"{SHIPPING}/shipments")
COMPENSATIONS = (f"{INVENTORY}/releases", f"{PAYMENTS}/refunds")

LOOK_SECONDS = 0.3

BEGIN = "INSERT INTO sagas (id, wanted) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING *"
UNFINISHED = "SELECT * FROM sagas WHERE state IN ('pending', 'cancelling') ORDER BY due"
NOTE = "UPDATE sagas SET state = $2, step = $3, receipt = $4 WHERE id = $1 RETURNING *"

services = httpx2.AsyncClient(timeout=1.5)
under_way: dict[str, asyncio.Task[None]] = {}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Connect to the database, and look for sagas that have not ended."""
    async with asyncpg.create_pool(DATABASE_URL, min_size=1, max_size=5) as app.state.database:
        looking = asyncio.create_task(look())
        yield
        looking.cancel()


async def look() -> None:
    """Look for what has not ended, over and over: what failed a moment ago, and what a replica that died has left."""
    while True:
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            for saga in await app.state.database.fetch(UNFINISHED):
                start(saga)
        await asyncio.sleep(LOOK_SECONDS)


def start(saga: asyncpg.Record) -> None:
    """Go on with a saga beside everything else, if nobody is at it yet."""
    if saga["id"] not in under_way:
        under_way[saga["id"]] = asyncio.create_task(carry_on(saga))
        under_way[saga["id"]].add_done_callback(lambda _: under_way.pop(saga["id"]))


async def carry_on(saga: asyncpg.Record) -> None:
    """Go from step to step until a saga has ended; when one fails, leave the rest for a moment later."""
    with suppress(httpx2.HTTPError):
        while saga["state"] in ("pending", "cancelling"):
            saga = await (forward(saga) if saga["state"] == "pending" else back(saga))


async def forward(saga: asyncpg.Record) -> asyncpg.Record:
    """Do the next step; a refusal, and nothing but that, turns the saga round."""
    step = saga["step"]
    answer = await call(COMMANDS[step], saga)
    if answer.status_code == HTTPStatus.CONFLICT:
        return await note(saga, "cancelling" if step else "cancelled", step)
    receipt = answer.raise_for_status().json()["receipt"]
    last = step + 1 == len(COMMANDS)
    return await note(saga, "shipped" if last else "pending", step + 1, receipt if last else None)


async def back(saga: asyncpg.Record) -> asyncpg.Record:
    """Undo the last step that is done."""
    step = saga["step"] - 1
    answer = await call(f"{COMPENSATIONS[step]}/{saga['id']}", saga)
    answer.raise_for_status()
    return await note(saga, "cancelling" if step else "cancelled", step)


async def call(url: str, saga: asyncpg.Record) -> httpx2.Response:
    """Send a command under a key that is the same each time that this step of this saga is tried."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": f"{saga['id']}-{saga['state']}-{saga['step']}"}
    return await services.post(url, content=saga["wanted"], headers=headers)


async def note(saga: asyncpg.Record, state: str, step: int, receipt: str | None = None) -> asyncpg.Record:
    """Log where a saga stands, which says what is done next."""
    return await app.state.database.fetchrow(NOTE, saga["id"], state, step, receipt)


app = create_app(lifespan=lifespan)


class Order(BaseModel):
    """What a customer wants; `order` is its number, `amount` is in cents."""

    order: str
    item: str
    quantity: int
    amount: int


@app.post("/orders", status_code=202)
async def take(order: Order) -> dict[str, str]:
    """Take an order: 202, and from then on it is shipped or cancelled; one that is known goes its way already."""
    saga = await app.state.database.fetchrow(BEGIN, order.order, order.model_dump_json())
    if saga is not None:
        start(saga)
    return {"order": order.order}


@app.get("/orders/{number}")
async def show(number: str) -> dict[str, str | None]:
    """Tell the state of an order, `pending`, `shipped` or `cancelled`, and shipping's receipt if there is one."""
    row = await app.state.database.fetchrow("SELECT state, receipt FROM sagas WHERE id = $1", number)
    if row is None:
        raise HTTPException(404, f"there is no order {number}")
    state = "pending" if row["state"] == "cancelling" else row["state"]
    return {"state": state, "receipt": row["receipt"]}
