# With the library dbos. It logs each step of a workflow in Postgres and, after a crash, continues behind the last one.
# Any replica may repeat a step that was done, so the step's key is made of the workflow's ID and its own. The library
# tenacity retries a step, because dbos itself waits without jitter, and longer and longer.
"""Orders: have an order's stock held, its card charged and its parcel shipped.

Two replicas share one database.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import httpx2
from dbos import DBOS, SetWorkflowID
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
from tenacity import retry, wait_random_exponential

from kit import create_app

DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql://patient:patient@postgres/postgres")
INVENTORY = os.environ.get("INVENTORY_URL", "http://inventory:8000")
PAYMENTS = os.environ.get("PAYMENTS_URL", "http://payments:8000")
SHIPPING = os.environ.get("SHIPPING_URL", "http://shipping:8000")

# The steps of an order, and the compensations of the first two. A compensation's URL ends with the order's number.
COMMANDS = (f"{INVENTORY}/holds", f"{PAYMENTS}/charges", f"{SHIPPING}/shipments")
COMPENSATIONS = (f"{INVENTORY}/releases", f"{PAYMENTS}/refunds")

CALL_SECONDS = 1.5

services = httpx2.AsyncClient(timeout=CALL_SECONDS)

DBOS(
    config={
        "name": "orders",
        "system_database_url": DATABASE_URL,
        # A replica continues the workflows that it began; its container keeps its name across a crash. For a replica
        # that never starts again, another one must be told to recover its workflows.
        "executor_id": os.environ.get("HOSTNAME", "orders"),
        "application_version": "1",
        "sys_db_pool_size": 5,
        "log_level": "ERROR",
    }
)


@DBOS.step()
@retry(wait=wait_random_exponential(multiplier=0.2, max=2))
async def call(url: str, order: dict[str, str | int]) -> dict[str, str | int] | None:
    """Send a command until it is answered; return None for a refusal."""
    # A client's timeout limits only each read.
    async with asyncio.timeout(CALL_SECONDS):
        answer = await services.post(url, json=order, headers={"Idempotency-Key": f"{DBOS.workflow_id}-{DBOS.step_id}"})
    return None if answer.status_code == HTTPStatus.CONFLICT else answer.raise_for_status().json()


@DBOS.workflow()
async def ship(order: dict[str, str | int]) -> dict[str, str | None]:
    """Do an order's steps; after a refusal, undo the earlier ones, last one first."""
    for number, command in enumerate(COMMANDS):
        answer = await call(command, order)
        if answer is None:
            for compensation in reversed(COMPENSATIONS[:number]):
                await call(f"{compensation}/{order['order']}", order)
            return {"state": "cancelled", "receipt": None}
    return {"state": "shipped", "receipt": answer["receipt"]}


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Continue the workflows begun before a crash, and run new ones."""
    DBOS.launch()
    yield
    DBOS.destroy()


app = create_app(lifespan=lifespan)


class Order(BaseModel):
    """A customer's order; `order` is its number, `amount` is in cents."""

    order: str
    item: str
    quantity: int
    amount: int


@app.post("/orders", status_code=202)
async def take(order: Order) -> dict[str, str]:
    """Accept an order with 202; the workflow of a number runs once."""
    with SetWorkflowID(order.order):
        await DBOS.start_workflow_async(ship, order.model_dump())
    return {"order": order.order}


@app.get("/orders/{number}")
async def show(number: str) -> dict[str, str | None]:
    """Return an order's state (`pending`, `shipped`, `cancelled`) and shipping's receipt, if any."""
    status = await DBOS.get_workflow_status_async(number)
    if status is None:
        raise HTTPException(404, f"there is no order {number}")
    return status.output or {"state": "pending", "receipt": None}
