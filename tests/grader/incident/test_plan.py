"""A plan is a pure function of manifest and seed."""

from hypothesis import given
from hypothesis import strategies as st

from grader.course.course import Course
from grader.course.manifest import FaultToDraw
from grader.incident.plan import JITTER, Plan, fresh_seed

MANIFEST = Course.here().lab("03").manifest
seeds = st.integers(0, 2**31)


@given(seeds)
def test_the_same_seed_gives_the_same_plan(seed: int) -> None:
    assert Plan.draw(MANIFEST, seed) == Plan.draw(MANIFEST, seed)


@given(seeds)
def test_phases_follow_each_other_and_last_at_least_as_long_as_written(seed: int) -> None:
    plan = Plan.draw(MANIFEST, seed)
    assert [phase.name for phase in plan.phases] == [phase.name for phase in MANIFEST.phase]
    end = 0.0
    for planned, written in zip(plan.phases, MANIFEST.phase, strict=True):
        assert planned.start == end
        assert written.seconds <= planned.seconds <= written.seconds * (1 + JITTER) + 0.001
        end = round(planned.end, 3)
    assert plan.seconds == plan.phases[-1].end


def drawn(seed: int, faults: int) -> list[tuple[str, object]]:
    """Return the services and scopes that a plan draws from equal lists."""
    fault = FaultToDraw.model_validate({"service": ["a", "b", "c"], "kind": "error", "scope": ["/n", "/s", "/e"]})
    phase = MANIFEST.phase[0].model_copy(update={"faults": [fault]})
    plan = Plan.draw(MANIFEST.model_copy(update={"phase": [phase] * faults}), seed)
    return [(fault.service, fault.parameters["scope"]) for phase in plan.phases for fault in phase.faults]


@given(seeds)
def test_drawn_values_differ_until_their_list_is_used_up(seed: int) -> None:
    for taken in zip(*drawn(seed, 3), strict=True):
        assert len({*taken}) == 3
    assert drawn(seed, 3) == drawn(seed, 3)
    assert drawn(seed, 4)[:3] == drawn(seed, 3)


def test_every_choice_is_drawn_by_some_seed() -> None:
    assert len({drawn(seed, 1)[0] for seed in range(100)}) == 9


def replicated(seed: int) -> Plan:
    """Return a plan whose faults name two of three replicas, and a service that is not one."""
    fault = FaultToDraw.model_validate({"service": "shelf", "kind": "hang", "caller": "shop-1"})
    kill = FaultToDraw.model_validate({"service": "shop-2", "kind": "kill"})
    phases = [phase.model_copy(update={"faults": [fault, kill]}) for phase in MANIFEST.phase]
    update = {"phase": phases, "replicas": [["shop-1", "shop-2", "shop-3"]]}
    return Plan.draw(MANIFEST.model_copy(update=update), seed)


@given(seeds)
def test_replicas_exchange_their_parts_in_all_phases(seed: int) -> None:
    plan = replicated(seed)
    assert sorted(plan.replicas) == sorted(plan.replicas.values()) == ["shop-1", "shop-2", "shop-3"]
    for phase in plan.phases:
        hang, kill = phase.faults
        assert (hang.service, hang.parameters["caller"]) == ("shelf", plan.replicas["shop-1"])
        assert kill.service == plan.replicas["shop-2"]
    assert plan.for_load()["replicas"] == plan.replicas


def test_each_replica_plays_each_part_under_some_seed() -> None:
    assert len({tuple(replicated(seed).replicas.values()) for seed in range(100)}) == 6


def test_two_seeds_give_two_plans() -> None:
    assert Plan.draw(MANIFEST, 1) != Plan.draw(MANIFEST, 2)


def test_fresh_seeds_differ() -> None:
    assert len({fresh_seed() for _ in range(20)}) > 15
