import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.capacity import Capacity
from kit.phase import CurrentPhase

pytestmark = pytest.mark.anyio


class Workshop:
    """A capacity whose visitors hold their workers until a test ends it."""

    def __init__(self, workers: int) -> None:
        self.phase = CurrentPhase()
        self.capacity = Capacity(workers, self.phase)
        self.served: list[int] = []
        self.visits: list[asyncio.Task[None]] = []
        self.leave: list[asyncio.Event] = []

    async def visitors(self, number: int) -> None:
        for _ in range(number):
            self.leave.append(asyncio.Event())
            self.visits.append(asyncio.create_task(self._visit(len(self.visits))))
        await settle()

    async def _visit(self, number: int) -> None:
        async with self.capacity.worker():
            self.served.append(number)
            await self.leave[number].wait()

    async def close(self) -> None:
        for visit in self.visits:
            visit.cancel()
        await asyncio.gather(*self.visits, return_exceptions=True)


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_at_most_as_much_work_is_done_as_workers_exist() -> None:
    shop = Workshop(2)
    await shop.visitors(5)
    assert (shop.capacity.busy, shop.capacity.queued, shop.capacity.in_flight) == (2, 3, 5)
    await shop.close()


async def test_a_free_worker_goes_to_the_longest_waiting_request() -> None:
    shop = Workshop(1)
    await shop.visitors(4)
    for event in shop.leave:
        event.set()
    await asyncio.gather(*shop.visits)
    assert shop.served == [0, 1, 2, 3]


async def test_a_late_request_does_not_overtake_one_that_was_just_called() -> None:
    shop = Workshop(1)
    await shop.visitors(2)
    shop.leave[0].set()
    shop.visits.append(asyncio.create_task(shop._visit(2)))  # noqa: SLF001
    shop.leave.append(asyncio.Event())
    await settle()
    assert shop.served == [0, 1]
    await shop.close()


async def test_a_waiter_that_is_cancelled_leaves_the_queue() -> None:
    shop = Workshop(1)
    await shop.visitors(3)
    shop.visits[1].cancel()
    await settle()
    assert shop.capacity.queued == 1
    shop.leave[0].set()
    await settle()
    assert shop.served == [0, 2]
    await shop.close()


async def test_a_request_cancelled_while_being_called_passes_its_worker_on() -> None:
    shop = Workshop(1)
    await shop.visitors(3)
    shop.leave[0].set()
    await asyncio.sleep(0)
    assert shop.capacity.busy == 1
    shop.visits[1].cancel()
    await settle()
    assert shop.served == [0, 2]
    await shop.close()
    assert (shop.capacity.busy, shop.capacity.queued) == (0, 0)


async def test_work_that_fails_frees_its_worker() -> None:
    capacity = Capacity(1, CurrentPhase())
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"):
            async with capacity.worker():
                raise ValueError("broken")
    assert capacity.in_flight == 0


async def test_new_workers_start_at_once() -> None:
    shop = Workshop(1)
    await shop.visitors(5)
    shop.capacity.resize(3)
    await settle()
    assert shop.served == [0, 1, 2]
    await shop.close()


async def test_surplus_workers_finish_their_request_and_take_no_other() -> None:
    shop = Workshop(3)
    await shop.visitors(5)
    shop.capacity.resize(1)
    shop.leave[0].set()
    shop.leave[1].set()
    await settle()
    assert (shop.served, shop.capacity.busy) == ([0, 1, 2], 1)
    shop.leave[2].set()
    await settle()
    assert shop.served == [0, 1, 2, 3]
    await shop.close()


async def test_a_phases_peak_counts_waiting_requests_and_outlives_the_phase() -> None:
    shop = Workshop(1)
    shop.phase.enter("surge")
    await shop.visitors(4)
    shop.phase.enter("recovery")
    assert shop.capacity.peak_by_phase == {"idle": 0, "surge": 4, "recovery": 4}
    await shop.close()


async def test_a_phase_that_comes_again_has_a_peak_of_its_own() -> None:
    shop = Workshop(1)
    shop.phase.enter("surge")
    await shop.visitors(4)
    await shop.close()
    shop.phase.enter("recovery")
    shop.phase.enter("surge")
    assert shop.capacity.peak_by_phase["surge"] == 0


STEPS = st.lists(
    st.tuples(st.sampled_from(["come", "leave", "cancel", "resize", "breathe"]), st.integers(0, 9)), max_size=40
)


@given(workers=st.integers(1, 4), steps=STEPS)
def test_workers_are_neither_lost_nor_invented(workers: int, steps: list[tuple[str, int]]) -> None:
    async def scenario() -> None:
        shop = Workshop(workers)
        most = workers
        for step, number in steps:
            match step:
                case "come":
                    # Settled before and after, because a task notes its worker only when it runs next.
                    await settle()
                    shop.leave.append(asyncio.Event())
                    shop.visits.append(asyncio.create_task(shop._visit(len(shop.visits))))  # noqa: SLF001
                    await settle()
                case "leave" if number < len(shop.leave):
                    shop.leave[number].set()
                case "cancel" if number < len(shop.visits):
                    shop.visits[number].cancel()
                case "resize":
                    shop.capacity.resize(number + 1)
                    most = max(most, number + 1)
                case "breathe":
                    await asyncio.sleep(0)
            assert 0 <= shop.capacity.busy <= most
            # No request waits while a worker is free.
            assert shop.capacity.queued == 0 or shop.capacity.busy >= shop.capacity.workers
        for event in shop.leave:
            event.set()
        async with asyncio.timeout(10):
            await asyncio.gather(*shop.visits, return_exceptions=True)
        assert (shop.capacity.busy, shop.capacity.queued) == (0, 0)
        assert shop.served == sorted(shop.served)

    asyncio.run(scenario())
