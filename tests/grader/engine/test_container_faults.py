"""The engine injects faults into containers of stores and patients."""

import time

import pytest
from patience import eventually

from grader.base.errors import ErError
from grader.engine import container_faults
from grader.engine.container_faults import LOOK_SECONDS, PATIENT_FAULTS, STARTING_CPUS, STORE_FAULTS, ContainerPort
from grader.engine.docker import DockerError
from grader.engine.port import InjectedFault

PAUSE, KILL, REFUSE, RESTART, CUT = (InjectedFault(kind) for kind in ("pause", "kill", "refuse", "restart", "cut"))


class Engine:
    """A fake of the engine with one container, possibly a database."""

    def __init__(self) -> None:
        self.paused = self.refuses = False
        self.running = True
        self.cpus = "0.25"
        self.health = "healthy"
        self.done: list[str] = []
        self.calls = 0

    def __call__(self, *args: str) -> str:
        assert "abc" in args
        self.calls += 1
        if args[0] == "inspect" and "Health" in args[2]:
            return f"{self.health}\n"
        if args[0] == "inspect" and "er.cpus" in args[2]:
            return "0.25\n"
        if args[0] == "inspect":
            return f"{str(self.paused if 'Paused' in args[2] else self.running).lower()}\n"
        if args[0] == "exec":
            return self.ask(args[-1])
        if args[0] == "update":
            self.cpus = args[2]
            return ""
        if args[0] in {"kill", "start"}:
            self.running = args[0] == "start"
        elif args[0] != "restart":
            if self.paused is not (args[0] == "unpause"):
                raise DockerError(args[0], "the engine refuses to pause twice")
            self.paused = args[0] == "pause"
        self.done.append(args[0])
        return ""

    def ask(self, statements: str) -> str:
        if self.paused:
            raise DockerError("exec", "the container is paused")
        if "CLIENT KILL TYPE pubsub" in statements:
            self.done.append("cut")
            return ""
        if statements.startswith("SELECT"):
            return "f\n" if self.refuses else "t\n"
        self.refuses = "NOLOGIN" in statements
        self.done.append("refuse" if self.refuses else "let in")
        return ""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr(container_faults, "docker", engine)
    return engine


@pytest.fixture
def redis(engine: Engine) -> ContainerPort:
    del engine
    return ContainerPort("redis", "abc", STORE_FAULTS["redis"])


@pytest.fixture
def postgres(engine: Engine) -> ContainerPort:
    del engine
    return ContainerPort("postgres", "abc", STORE_FAULTS["postgres"])


@pytest.fixture
def replica(engine: Engine) -> ContainerPort:
    del engine
    return ContainerPort("sales-1", "abc", PATIENT_FAULTS)


def test_a_replica_is_killed_once_and_started_again_when_healed(replica: ContainerPort, engine: Engine) -> None:
    for _ in range(2):
        replica.replace([KILL])
    assert not engine.running
    replica.replace([])
    assert engine.done == ["kill", "start"]


def test_a_restarted_replica_gets_its_judged_cpu_limit_once_it_is_healthy(
    replica: ContainerPort, engine: Engine
) -> None:
    replica.replace([KILL])
    engine.health = "starting"
    replica.replace([])
    time.sleep(3 * LOOK_SECONDS)
    assert engine.cpus == STARTING_CPUS
    engine.health = "healthy"
    assert eventually(lambda: engine.cpus == "0.25")


def test_a_restarted_replica_that_stays_unhealthy_is_limited_in_the_end(
    replica: ContainerPort, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_faults, "STARTING_SECONDS", 0.1)
    engine.health = "starting"
    replica.replace([KILL])
    replica.replace([])
    assert eventually(lambda: engine.cpus == "0.25")


def test_a_replica_that_was_left_dead_is_found_and_healed(replica: ContainerPort, engine: Engine) -> None:
    engine.running = False
    assert replica.faults().active == [KILL]
    assert replica.heal() == 1
    assert engine.running


def test_a_paused_replica_can_be_killed_next(replica: ContainerPort, engine: Engine) -> None:
    replica.replace([PAUSE])
    replica.replace([KILL])
    assert engine.done == ["pause", "unpause", "kill"]


def test_a_store_is_paused_once_while_several_phases_want_it(redis: ContainerPort, engine: Engine) -> None:
    for _ in range(2):
        redis.replace([PAUSE])
    redis.replace([])
    assert engine.done == ["pause", "unpause"]


def test_healing_a_paused_store_counts_its_faults(redis: ContainerPort) -> None:
    assert redis.inject(PAUSE) == PAUSE
    assert redis.faults().active == [PAUSE]
    assert redis.heal() == 1
    assert redis.heal() == 0


def test_a_restart_after_a_pause_is_not_active_afterwards(redis: ContainerPort, engine: Engine) -> None:
    redis.replace([PAUSE])
    redis.replace([RESTART])
    assert engine.done == ["pause", "unpause", "restart"]
    assert redis.faults().active == []


def test_subscribers_are_cut_each_time_and_nothing_stays_active(redis: ContainerPort, engine: Engine) -> None:
    for _ in range(2):
        redis.replace([CUT])
    redis.replace([])
    assert engine.done == ["cut", "cut"]


def test_a_database_refuses_the_patient_until_it_is_healed(postgres: ContainerPort, engine: Engine) -> None:
    for _ in range(2):
        postgres.replace([REFUSE])
    assert postgres.faults().active == [REFUSE]
    assert postgres.heal() == 1
    assert engine.done == ["refuse", "let in"]


def test_a_paused_database_is_not_probed_for_other_faults(postgres: ContainerPort, engine: Engine) -> None:
    postgres.replace([PAUSE])
    assert postgres.faults().active == [PAUSE]
    postgres.replace([REFUSE])
    assert engine.done == ["pause", "unpause", "refuse"]


def test_an_injected_fault_joins_the_active_one(postgres: ContainerPort, engine: Engine) -> None:
    postgres.inject(REFUSE)
    postgres.inject(PAUSE)
    assert engine.done == ["refuse", "pause"]


def test_a_phase_edge_costs_one_call_of_the_engine(postgres: ContainerPort, engine: Engine) -> None:
    postgres.heal()
    for wanted, done in (([REFUSE], "refuse"), ([], "let in")):
        engine.calls = 0
        postgres.replace(wanted)
        assert (engine.calls, engine.done[-1]) == (1, done)


def test_a_store_healed_by_another_process_is_probed_again(redis: ContainerPort, engine: Engine) -> None:
    redis.replace([PAUSE])
    assert ContainerPort("redis", "abc", STORE_FAULTS["redis"]).heal() == 1
    redis.replace([])
    redis.replace([PAUSE])
    assert engine.done == ["pause", "unpause", "pause"]


def test_a_store_ignores_the_phase(redis: ContainerPort, engine: Engine) -> None:
    redis.enter("steady")
    assert not engine.done


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (InjectedFault("slow", {"seconds": 1}), "`redis` has no fault `slow`; it has `pause`, `restart`, `cut`"),
        (InjectedFault("pause", {"seconds_active": 3}), "`redis` takes no parameters, but got `seconds_active`"),
    ],
)
def test_an_unknown_fault_is_refused_and_nothing_is_done(
    redis: ContainerPort, engine: Engine, fault: InjectedFault, complaint: str
) -> None:
    with pytest.raises(ErError, match=complaint):
        redis.inject(fault)
    assert not engine.done
