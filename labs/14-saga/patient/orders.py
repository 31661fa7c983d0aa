"""Orders: have an order's stock held, its card charged and its parcel shipped.

Two replicas share one database.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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

services = httpx2.AsyncClient(timeout=1.5)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Connect to the database."""
    async with asyncpg.create_pool(DATABASE_URL, min_size=1, max_size=5) as app.state.database:
        yield


app = create_app(lifespan=lifespan)


class Order(BaseModel):
    """A customer's order; `order` is its number, `amount` is in cents."""

    order: str
    item: str
    quantity: int
    amount: int


@app.post("/orders", status_code=202)
async def take(order: Order) -> dict[str, str]:
    """Accept an order with 202; it will be shipped or cancelled."""
    # TODO: the third step fails when the first two are done, or this process dies. The table `sagas` can hold a log.
    for command in COMMANDS:
        receipt = await send(command, order)
    insert = "INSERT INTO sagas (id, wanted, state, step, receipt) VALUES ($1, $2, 'shipped', 3, $3)"
    await app.state.database.execute(insert, order.order, order.model_dump_json(), receipt)
    return {"order": order.order}


async def send(command: str, order: Order) -> str:
    """Send a command to its service; return the receipt."""
    try:
        answer = await services.post(command, json=order.model_dump())
        return answer.raise_for_status().json()["receipt"]
    except httpx2.HTTPError as error:
        raise HTTPException(502, f"{command}: {error!r}") from error


@app.get("/orders/{number}")
async def show(number: str) -> dict[str, str | None]:
    """Return an order's state (`pending`, `shipped`, `cancelled`) and shipping's receipt, if any."""
    row = await app.state.database.fetchrow("SELECT state, receipt FROM sagas WHERE id = $1", number)
    if row is None:
        raise HTTPException(404, f"there is no order {number}")
    return {"state": row["state"], "receipt": row["receipt"]}
