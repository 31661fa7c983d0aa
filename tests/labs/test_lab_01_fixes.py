import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest
from patience import PATIENCE
from probing import Deed, ScriptedService, answering, hang, import_patient, reset, trickle
from serving import until
from starlette.responses import Response

from grader.course.course import Course
from grader.course.fixes import accepted

pytestmark = pytest.mark.anyio

FIXES = sorted(accepted(Course.here().lab("01")))
HOLD = {"hold": 1, "order": "order-1", "item": "lamp", "quantity": 2, "receipt": "a.b"}
MADE = answering(201, HOLD)
UNAVAILABLE = answering(503)
CONNECTIONS = 400
"""The most connections of the patient's client."""


class Checkout:
    """Place orders at a fix's checkout, whose inventory is scripted."""

    def __init__(self, module: ModuleType, inventory: ScriptedService) -> None:
        self.inventory = inventory
        self._module = module

    def limit(self, attempt: float, deadline: float) -> None:
        """Set the seconds that the fix has for one attempt and for all of them."""
        vars(self._module).update(ATTEMPT=attempt, DEADLINE=deadline)

    async def place(self, order: str = "order-1") -> Response:
        """Place one order."""
        order = self._module.Order(order=order, item="lamp", quantity=2)
        async with asyncio.timeout(PATIENCE):
            answer: Response = await self._module.place(order)
        return answer

    @property
    def keys(self) -> list[str | None]:
        """Return the idempotency key of each request at inventory."""
        return [request.headers.get("Idempotency-Key") for request in self.inventory.requests]


@pytest.fixture(params=FIXES)
async def checkout(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Checkout]:
    inventory = ScriptedService(MADE)
    async with inventory.serving() as url:
        module = import_patient(monkeypatch, tmp_path, "01", request.param, INVENTORY_URL=url)
        async with module.inventory:
            checkout = Checkout(module, inventory)
            # Enough for any machine, where a test does not wait for the end of it.
            checkout.limit(attempt=PATIENCE, deadline=PATIENCE)
            yield checkout


@pytest.fixture
def hurried(checkout: Checkout) -> Checkout:
    """Return a checkout with a tenth of the fix's seconds for an attempt and for all of them."""
    checkout.limit(attempt=0.15, deadline=0.45)
    return checkout


async def test_a_healthy_order_is_sent_once(checkout: Checkout) -> None:
    answer = await checkout.place()
    assert (answer.status_code, answer.body) == (201, (await MADE(checkout.inventory.requests[0])).body)
    assert checkout.keys == ["order-1"]


@pytest.mark.parametrize("failure", [answering(503, Retry_After="3600"), answering(500), answering(502), reset])
async def test_a_transient_failure_is_retried_under_the_same_key(checkout: Checkout, failure: Deed) -> None:
    checkout.inventory.go_on_with(failure, MADE)
    assert (await checkout.place()).status_code == 201
    assert checkout.keys == ["order-1"] * 2


async def test_a_refusal_is_passed_on_and_not_retried(checkout: Checkout) -> None:
    checkout.inventory.go_on_with(answering(422, {"detail": "discontinued"}))
    answer = await checkout.place()
    assert (answer.status_code, answer.body) == (422, b'{"detail":"discontinued"}')
    assert checkout.keys == ["order-1"]


@pytest.mark.parametrize("failure", [trickle, hang, reset, UNAVAILABLE])
async def test_a_long_failure_ends_in_503_with_retry_after(hurried: Checkout, failure: Deed) -> None:
    hurried.inventory.go_on_with(failure)
    answer = await hurried.place()
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert set(hurried.keys) <= {"order-1"}


@pytest.mark.parametrize("failure", [trickle, hang])
async def test_an_attempt_that_stalls_is_given_up_for_another(checkout: Checkout, failure: Deed) -> None:
    checkout.limit(attempt=0.3, deadline=PATIENCE)
    checkout.inventory.go_on_with(failure, MADE)
    assert (await checkout.place()).status_code == 201
    assert len(checkout.keys) > 1
    assert set(checkout.keys) == {"order-1"}


@pytest.mark.parametrize("failure", [trickle, hang, UNAVAILABLE])
async def test_a_cancelled_order_sends_nothing_more(checkout: Checkout, failure: Deed) -> None:
    checkout.inventory.go_on_with(failure)
    placing = asyncio.create_task(checkout.place())
    await until(lambda: bool(checkout.keys))
    placing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await placing
    sent = len(checkout.keys)
    checkout.inventory.go_on_with(MADE)
    assert (await checkout.place("order-2")).status_code == 201
    assert checkout.keys[sent:] == ["order-2"]


async def test_attempts_that_were_given_up_return_their_connections(hurried: Checkout) -> None:
    hurried.inventory.go_on_with(trickle)
    answers = await asyncio.gather(*(hurried.place(f"order-{number}") for number in range(CONNECTIONS + 1)))
    assert {answer.status_code for answer in answers} == {503}
    hurried.inventory.go_on_with(MADE)
    hurried.limit(attempt=PATIENCE, deadline=PATIENCE)
    assert (await hurried.place()).status_code == 201
