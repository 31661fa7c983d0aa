"""The accepted fixes of lab 02 against a scripted payments: each way in which a call, or the trial, can end."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pybreaker
import pytest
from patience import PATIENCE
from probing import Deed, ScriptedService, answering, hang, import_patient, reset, trickle
from purgatory import AsyncCircuitBreakerFactory
from serving import until
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from grader.course.course import Course
from grader.course.fixes import accepted

pytestmark = pytest.mark.anyio

FIXES = sorted(accepted(Course.here().lab("02")))
PAID = answering(201, {"charge": 1, "receipt": "a.b"})
ACCEPTED = answering(202, {"receipt": "c.d"})
OPEN_SECONDS = 0.2
CALL_SECONDS = 0.1
"""Of tests that wait for the end of it."""

FAILURES = 5


async def web_page(_: Request) -> Response:
    """Answer 200 with something that is not a charge."""
    return HTMLResponse("<title>Down for maintenance</title>")


FAILURE_KINDS: dict[str, Deed] = {
    "503": answering(503),
    "500": answering(500),
    "web page": web_page,
    "reset": reset,
    "hang": hang,
    "trickle": trickle,
}
failing = pytest.mark.parametrize("failure", FAILURE_KINDS.values(), ids=FAILURE_KINDS)


class Checkout:
    """Buy at a fix's checkout, whose payments and outbox are scripted."""

    def __init__(self, module: ModuleType, payments: ScriptedService) -> None:
        self.payments = payments
        self.module = module

    async def buy(self) -> int:
        """Place an order and return the status of its answer."""
        order = self.module.Order(order=f"order-{time.monotonic_ns()}", amount=100)
        async with asyncio.timeout(PATIENCE):
            answer: Response = await self.module.check_out(order)
        return answer.status_code

    async def fail(self, failure: Deed = FAILURE_KINDS["503"]) -> None:
        """Let orders fail until the circuit is open."""
        self.payments.go_on_with(failure)
        for _ in range(FAILURES):
            await self.buy()

    def reopens_after(self, seconds: float) -> None:
        """Give the fix a breaker that stays open for this time."""
        names = vars(self.module)
        if "breakers" in names:
            names["breakers"] = AsyncCircuitBreakerFactory(FAILURES, seconds)
        elif hasattr(self.module, "CircuitOpenError"):
            names["breaker"] = self.module.CircuitBreaker(FAILURES, seconds)
        else:
            names["breaker"] = pybreaker.CircuitBreaker(FAILURES, seconds)

    def gives_a_call(self, seconds: float) -> None:
        """Set the seconds that the fix waits for payments."""
        vars(self.module)["PATIENCE"] = seconds

    async def paid_again(self) -> bool:
        """Place orders until one is paid, and tell whether one was."""
        self.gives_a_call(PATIENCE)
        self.payments.go_on_with(PAID)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if await self.buy() == 201:
                return True
            await asyncio.sleep(OPEN_SECONDS / 4)
        return False

    @property
    def calls(self) -> int:
        """Return the number of calls at payments."""
        return len(self.payments.requests)


@pytest.fixture(params=FIXES)
async def checkout(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Checkout]:
    payments, outbox = ScriptedService(PAID), ScriptedService(ACCEPTED)
    async with payments.serving() as payments_url, outbox.serving() as outbox_url:
        urls = {"PAYMENTS_URL": payments_url, "OUTBOX_URL": outbox_url}
        module = import_patient(monkeypatch, tmp_path, "02", request.param, **urls)
        checkout = Checkout(module, payments)
        # Enough for any machine, where a test does not wait for the end of it.
        checkout.reopens_after(PATIENCE)
        checkout.gives_a_call(PATIENCE)
        async with module.payments, module.outbox:
            yield checkout


async def test_an_order_is_paid_while_payments_is_healthy(checkout: Checkout) -> None:
    assert [await checkout.buy() for _ in range(3 * FAILURES)] == [201] * 3 * FAILURES


@failing
async def test_an_order_that_payments_fails_goes_to_the_outbox(checkout: Checkout, failure: Deed) -> None:
    checkout.gives_a_call(CALL_SECONDS)
    checkout.payments.go_on_with(failure)
    assert await checkout.buy() == 202


@failing
async def test_the_circuit_opens_whatever_the_failures_are(checkout: Checkout, failure: Deed) -> None:
    checkout.gives_a_call(CALL_SECONDS)
    await checkout.fail(failure)
    assert [await checkout.buy() for _ in range(10)] == [202] * 10
    assert checkout.calls == FAILURES


async def test_an_order_that_is_never_charged_is_not_a_failure_of_payments(checkout: Checkout) -> None:
    checkout.payments.go_on_with(answering(422))
    assert [await checkout.buy() for _ in range(3 * FAILURES)] == [422] * 3 * FAILURES


async def test_failures_between_successes_do_not_open_the_circuit(checkout: Checkout) -> None:
    for _ in range(3 * FAILURES):
        checkout.payments.go_on_with(FAILURE_KINDS["503"], PAID)
        assert [await checkout.buy(), await checkout.buy()] == [202, 201]


async def test_one_trial_at_a_time_closes_the_circuit(checkout: Checkout) -> None:
    checkout.reopens_after(OPEN_SECONDS)
    await checkout.fail()
    checkout.payments.go_on_with(PAID)
    await asyncio.sleep(OPEN_SECONDS)
    answers = await asyncio.gather(*(checkout.buy() for _ in range(10)))
    assert sorted(answers) == [201] + [202] * 9
    assert checkout.calls == FAILURES + 1
    assert await checkout.buy() == 201


@failing
async def test_a_trial_that_fails_is_followed_by_another(checkout: Checkout, failure: Deed) -> None:
    checkout.reopens_after(OPEN_SECONDS)
    await checkout.fail()
    checkout.gives_a_call(CALL_SECONDS)
    checkout.payments.go_on_with(failure)
    await asyncio.sleep(OPEN_SECONDS)
    assert await checkout.buy() == 202
    assert checkout.calls == FAILURES + 1
    assert await checkout.paid_again()


async def test_a_trial_whose_customer_leaves_is_followed_by_another(checkout: Checkout) -> None:
    checkout.reopens_after(OPEN_SECONDS)
    await checkout.fail()
    checkout.payments.go_on_with(hang)
    await asyncio.sleep(OPEN_SECONDS)
    trial = asyncio.create_task(checkout.buy())
    await until(lambda: checkout.calls == FAILURES + 1)
    assert await checkout.buy() == 202
    trial.cancel()
    await asyncio.wait([trial])
    assert await checkout.paid_again()


async def test_a_late_success_does_not_close_an_open_circuit(checkout: Checkout) -> None:
    release = asyncio.Event()

    async def late(request: Request) -> Response:
        await release.wait()
        return await PAID(request)

    checkout.payments.go_on_with(late, FAILURE_KINDS["503"])
    early = asyncio.create_task(checkout.buy())
    await until(lambda: checkout.calls == 1)
    for _ in range(FAILURES):
        await checkout.buy()
    release.set()
    assert await early == 201
    calls = checkout.calls
    assert await checkout.buy() == 202
    assert checkout.calls == calls
