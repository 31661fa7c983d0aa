# Tempts, as nothing can go wrong between two sagas when there is one at a time: a lock in the database sees to that,
# for both replicas. All orders wait for the slowest.
"""Orders: has an order's stock held, its money taken and its parcel sent.

Two replicas of it share one database.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
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

PAUSE = timedelta(seconds=0.2)
LOOK_SECONDS = 0.05

BEGIN = "INSERT INTO sagas (id, wanted) VALUES ($1, $2) ON CONFLICT DO NOTHING"
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(14)"
NEXT = "SELECT * FROM sagas WHERE state IN ('pending', 'cancelling') AND due < now() ORDER BY due LIMIT 1"
NOTE = "UPDATE sagas SET state = $2, step = $3, receipt = $4 WHERE id = $1 RETURNING *"
LATER = "UPDATE sagas SET due = now() + $2::interval WHERE id = $1"

services = httpx2.AsyncClient(timeout=1.5)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Connect to the database, and work off its log."""
    async with asyncpg.create_pool(DATABASE_URL, min_size=1, max_size=5) as app.state.database:
        looking = asyncio.create_task(look())
        yield
        looking.cancel()


async def look() -> None:
    """Take what is due out of the log, one saga after the other, as long as nobody else has one."""
    while True:
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            async with app.state.database.acquire() as connection, connection.transaction():
                await connection.execute(ONE_AT_A_TIME)
                while saga := await connection.fetchrow(NEXT):
                    await carry_on(saga)
        await asyncio.sleep(LOOK_SECONDS)


async def carry_on(saga: asyncpg.Record) -> None:
    """Go from step to step until a saga has ended; when one fails, leave the rest for a moment later."""
    try:
        while saga["state"] in ("pending", "cancelling"):
            saga = await (forward(saga) if saga["state"] == "pending" else back(saga))
    except httpx2.HTTPError:
        await app.state.database.execute(LATER, saga["id"], PAUSE)


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
    await app.state.database.execute(BEGIN, order.order, order.model_dump_json())
    return {"order": order.order}


@app.get("/orders/{number}")
async def show(number: str) -> dict[str, str | None]:
    """Tell the state of an order, `pending`, `shipped` or `cancelled`, and shipping's receipt if there is one."""
    row = await app.state.database.fetchrow("SELECT state, receipt FROM sagas WHERE id = $1", number)
    if row is None:
        raise HTTPException(404, f"there is no order {number}")
    state = "pending" if row["state"] == "cancelling" else row["state"]
    return {"state": state, "receipt": row["receipt"]}
