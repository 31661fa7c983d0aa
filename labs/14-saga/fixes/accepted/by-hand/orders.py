# By hand. An order is in the log before anything is done for it, and so is each step. A replica claims a saga for 3 s.
# After that, another replica that finds it repeats the step under the same key. Each claim has a `due` of its own, and
# only its holder may write. So a holder that stood still changes nothing when it wakes.
"""Orders: have an order's stock held, its card charged and its parcel shipped.

Two replicas share one database.
"""

import asyncio
import logging
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

# The steps of an order, and the compensations of the first two. A compensation's URL ends with the order's number.
COMMANDS = (f"{INVENTORY}/holds", f"{PAYMENTS}/charges", f"{SHIPPING}/shipments")
COMPENSATIONS = (f"{INVENTORY}/releases", f"{PAYMENTS}/refunds")

# A claim outlasts every step, so that no other replica continues the saga of a live holder.
STEP_SECONDS = 1.5
CLAIMED = timedelta(seconds=3)
LOOK_SECONDS = 0.1

BEGIN = "INSERT INTO sagas (id, wanted, due) VALUES ($1, $2, now() + $3::interval) ON CONFLICT DO NOTHING RETURNING *"
CLAIM = """
UPDATE sagas SET due = now() + $1::interval WHERE id IN (
    SELECT id FROM sagas WHERE state IN ('pending', 'cancelling') AND due < now()
    ORDER BY due LIMIT 10 FOR UPDATE SKIP LOCKED
) RETURNING *
"""
NOTE = """
UPDATE sagas SET state = $3, step = $4, receipt = $5, failures = 0, due = now() + $6::interval
WHERE id = $1 AND due = $2 RETURNING *
"""
# Exponential backoff with full jitter: at most 0.2 s after the first failure, and at most 1.6 s after many.
LATER = """
UPDATE sagas SET due = now() + random() * 0.2 * 2 ^ least(failures, 3) * interval '1 second', failures = failures + 1
WHERE id = $1 AND due = $2
"""

log = logging.getLogger("orders")
services = httpx2.AsyncClient(timeout=STEP_SECONDS)
under_way: set[asyncio.Task[None]] = set()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Connect to the database, and look for sagas that no replica continues."""
    async with asyncpg.create_pool(DATABASE_URL, min_size=1, max_size=5) as app.state.database:
        looking = asyncio.create_task(look())
        yield
        looking.cancel()


async def look() -> None:
    """Claim due sagas repeatedly: those that failed a moment ago, and those of a dead replica."""
    while True:
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            for saga in await app.state.database.fetch(CLAIM, CLAIMED):
                start(saga)
        await asyncio.sleep(LOOK_SECONDS)


def start(saga: asyncpg.Record) -> None:
    """Continue a saga in a task of its own."""
    task = asyncio.create_task(carry_on(saga))
    under_way.add(task)
    task.add_done_callback(ended)


def ended(task: asyncio.Task[None]) -> None:
    """Forget a task; after an unexpected error, its saga continues when its claim has expired."""
    under_way.discard(task)
    if not task.cancelled() and (error := task.exception()):
        log.error("a saga was left at its step", exc_info=error)


async def carry_on(saga: asyncpg.Record | None) -> None:
    """Do step after step until a saga has ended or is no longer held; after a failure, leave the rest for later."""
    while saga and saga["state"] in ("pending", "cancelling"):
        try:
            # The limit covers the call and its entry in the log; a client's timeout limits only each read.
            async with asyncio.timeout(STEP_SECONDS):
                saga = await (forward(saga) if saga["state"] == "pending" else back(saga))
        except (httpx2.HTTPError, TimeoutError):
            await app.state.database.execute(LATER, saga["id"], saga["due"])  # type: ignore[index] # as before the step
            return


async def forward(saga: asyncpg.Record) -> asyncpg.Record | None:
    """Do the next step; only a refusal turns the saga back."""
    step = saga["step"]
    answer = await call(COMMANDS[step], saga)
    if answer.status_code == HTTPStatus.CONFLICT:
        return await note(saga, "cancelling" if step else "cancelled", step)
    receipt = answer.raise_for_status().json()["receipt"]
    last = step + 1 == len(COMMANDS)
    return await note(saga, "shipped" if last else "pending", step + 1, receipt if last else None)


async def back(saga: asyncpg.Record) -> asyncpg.Record | None:
    """Undo the last step that was done."""
    step = saga["step"] - 1
    answer = await call(f"{COMPENSATIONS[step]}/{saga['id']}", saga)
    answer.raise_for_status()
    return await note(saga, "cancelling" if step else "cancelled", step)


async def call(url: str, saga: asyncpg.Record) -> httpx2.Response:
    """Send a command under a key that is the same at every attempt of this step."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": f"{saga['id']}-{saga['state']}-{saga['step']}"}
    return await services.post(url, content=saga["wanted"], headers=headers)


async def note(saga: asyncpg.Record, state: str, step: int, receipt: str | None = None) -> asyncpg.Record | None:
    """Log where a saga stands, which decides its next step, and claim it again; return None when another has it."""
    return await app.state.database.fetchrow(NOTE, saga["id"], saga["due"], state, step, receipt, CLAIMED)


app = create_app(lifespan=lifespan)


class Order(BaseModel):
    """A customer's order; `order` is its number, `amount` is in cents."""

    order: str
    item: str
    quantity: int
    amount: int


@app.post("/orders", status_code=202)
async def take(order: Order) -> dict[str, str]:
    """Accept an order with 202, and begin its saga if it is new."""
    saga = await app.state.database.fetchrow(BEGIN, order.order, order.model_dump_json(), CLAIMED)
    if saga is not None:
        start(saga)
    return {"order": order.order}


@app.get("/orders/{number}")
async def show(number: str) -> dict[str, str | None]:
    """Return an order's state (`pending`, `shipped`, `cancelled`) and shipping's receipt, if any."""
    row = await app.state.database.fetchrow("SELECT state, receipt FROM sagas WHERE id = $1", number)
    if row is None:
        raise HTTPException(404, f"there is no order {number}")
    state = "pending" if row["state"] == "cancelling" else row["state"]
    return {"state": state, "receipt": row["receipt"]}
