from types import SimpleNamespace

import pytest
from serving import Stock

from kit.faults import CapacityFault, ErrorFault, Faults, HangFault
from kit.hits import Hits
from kit.phase import CurrentPhase

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("kit.hits.time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


async def test_the_longest_lull_lies_between_two_hits_or_at_an_end(clock: SimpleNamespace) -> None:
    phase, faults = CurrentPhase(), Faults()
    hits = Hits(phase, faults)
    phase.enter("outage")
    clock.now = 10.0
    hang = faults.inject(HangFault())
    for at, longest in ((11.0, 1.0), (14.0, 3.0), (16.0, 3.0)):
        clock.now = at
        hits.add(hang)
        assert hits.lulls() == {("hang", "outage"): longest}
    clock.now = 20.0
    assert hits.lulls() == {("hang", "outage"): 4.0}
    clock.now = 21.0
    faults.heal()
    clock.now = 30.0
    assert hits.lulls() == {("hang", "outage"): 5.0}


async def test_a_lull_lasts_into_the_next_phase_and_each_phase_begins_afresh(clock: SimpleNamespace) -> None:
    phase, faults = CurrentPhase(), Faults()
    hits = Hits(phase, faults)
    phase.enter("onset")
    hang = faults.inject(HangFault())
    clock.now = 2.0
    phase.enter("outage")
    clock.now = 3.0
    hits.add(hang)
    assert hits.lulls() == {("hang", "onset"): 2.0, ("hang", "outage"): 3.0}
    phase.enter("onset")
    assert hits.lulls() == {("hang", "onset"): 0.0, ("hang", "outage"): 3.0}


async def test_each_fault_has_lulls_of_its_own(clock: SimpleNamespace) -> None:
    faults = Faults()
    hits = Hits(CurrentPhase(), faults)
    hang = faults.inject(HangFault())
    faults.inject(CapacityFault())
    clock.now = 1.0
    faults.inject(ErrorFault())
    hits.add(hang)
    clock.now = 3.0
    assert hits.lulls() == {("hang", "idle"): 2.0, ("error", "idle"): 2.0}


async def test_a_request_that_a_fault_hits_ends_its_lull(stock: Stock, clock: SimpleNamespace) -> None:
    await stock.inject("error", scope="/bread/rye")
    clock.now = 2.0
    await stock.user.get("/bread/rye")
    clock.now = 3.0
    await stock.user.get("/bread/wheat")
    clock.now = 6.0
    assert (await stock.metrics())['fault_lull_seconds{kind="error",phase="idle"}'] == 4
