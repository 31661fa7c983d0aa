"""A store or a patient is asked about faults as a stock service is, and the engine does them."""

import time

import pytest
from patience import eventually

from grader.base.errors import ErError
from grader.engine import container_faults
from grader.engine.container_faults import DEEDS, LOOK_SECONDS, OF_PATIENTS, STARTING_CPUS, ContainerPort
from grader.engine.docker import DockerError


class Engine:
    """Stands for the engine: one container, running and paused or not, whose database lets the patient in or not."""

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
    return ContainerPort("redis", "abc", DEEDS["redis"])


@pytest.fixture
def postgres(engine: Engine) -> ContainerPort:
    del engine
    return ContainerPort("postgres", "abc", DEEDS["postgres"])


@pytest.fixture
def replica(engine: Engine) -> ContainerPort:
    del engine
    return ContainerPort("sales-1", "abc", OF_PATIENTS)


def test_a_replica_is_dead_while_phases_want_it_and_is_started_anew_then(
    replica: ContainerPort, engine: Engine
) -> None:
    for _ in range(2):
        assert replica.ask("PUT", "/faults", [{"kind": "kill"}]) == [{"id": 1, "kind": "kill"}]
    assert not engine.running
    assert replica.ask("PUT", "/faults", []) == []
    assert engine.done == ["kill", "start"]


def test_a_replica_that_starts_anew_is_limited_as_it_is_judged_once_it_is_healthy(
    replica: ContainerPort, engine: Engine
) -> None:
    replica.ask("PUT", "/faults", [{"kind": "kill"}])
    engine.health = "starting"
    replica.ask("PUT", "/faults", [])
    time.sleep(3 * LOOK_SECONDS)
    assert engine.cpus == STARTING_CPUS
    engine.health = "healthy"
    assert eventually(lambda: engine.cpus == "0.25")


def test_a_replica_that_never_gets_healthy_is_limited_all_the_same(
    replica: ContainerPort, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_faults, "STARTING_SECONDS", 0.1)
    engine.health = "starting"
    replica.ask("PUT", "/faults", [{"kind": "kill"}])
    replica.ask("PUT", "/faults", [])
    assert eventually(lambda: engine.cpus == "0.25")


def test_a_replica_that_was_left_dead_is_found_and_healed(replica: ContainerPort, engine: Engine) -> None:
    engine.running = False
    assert [active["kind"] for active in replica.ask("GET", "/faults")["active"]] == ["kill"]
    assert replica.ask("DELETE", "/faults") == {"healed": 1}
    assert engine.running


def test_a_replica_that_was_paused_can_be_killed_next(replica: ContainerPort, engine: Engine) -> None:
    replica.ask("PUT", "/faults", [{"kind": "pause"}])
    assert replica.ask("PUT", "/faults", [{"kind": "kill"}]) == [{"id": 1, "kind": "kill"}]
    assert engine.done == ["pause", "unpause", "kill"]


def test_a_store_is_paused_while_phases_want_it_and_once(redis: ContainerPort, engine: Engine) -> None:
    for _ in range(2):
        assert redis.ask("PUT", "/faults", [{"kind": "pause"}]) == [{"id": 1, "kind": "pause"}]
    assert redis.ask("PUT", "/faults", []) == []
    assert engine.done == ["pause", "unpause"]


def test_a_store_that_is_paused_by_hand_is_healed_and_says_how_often(redis: ContainerPort) -> None:
    assert redis.ask("POST", "/faults", {"kind": "pause"})["kind"] == "pause"
    assert [active["kind"] for active in redis.ask("GET", "/faults")["active"]] == ["pause"]
    assert redis.ask("DELETE", "/faults") == {"healed": 1}
    assert redis.ask("DELETE", "/faults") == {"healed": 0}


def test_a_restart_follows_a_pause_and_is_over_when_it_is_done(redis: ContainerPort, engine: Engine) -> None:
    redis.ask("PUT", "/faults", [{"kind": "pause"}])
    assert redis.ask("PUT", "/faults", [{"kind": "restart"}]) == [{"id": 1, "kind": "restart"}]
    assert engine.done == ["pause", "unpause", "restart"]
    assert redis.ask("GET", "/faults")["active"] == []


def test_a_database_refuses_the_patient_until_it_is_healed(postgres: ContainerPort, engine: Engine) -> None:
    for _ in range(2):
        assert postgres.ask("PUT", "/faults", [{"kind": "refuse"}]) == [{"id": 1, "kind": "refuse"}]
    assert [active["kind"] for active in postgres.ask("GET", "/faults")["active"]] == ["refuse"]
    assert postgres.ask("DELETE", "/faults") == {"healed": 1}
    assert engine.done == ["refuse", "let in"]


def test_a_paused_database_is_asked_nothing(postgres: ContainerPort, engine: Engine) -> None:
    postgres.ask("PUT", "/faults", [{"kind": "pause"}])
    assert [active["kind"] for active in postgres.ask("GET", "/faults")["active"]] == ["pause"]
    assert postgres.ask("PUT", "/faults", [{"kind": "refuse"}]) == [{"id": 1, "kind": "refuse"}]
    assert engine.done == ["pause", "unpause", "refuse"]


def test_by_hand_a_second_fault_joins_the_first(postgres: ContainerPort, engine: Engine) -> None:
    postgres.ask("POST", "/faults", {"kind": "refuse"})
    assert postgres.ask("POST", "/faults", {"kind": "pause"})["kind"] == "pause"
    assert engine.done == ["refuse", "pause"]


def test_a_phases_fault_takes_one_call_of_the_engine_and_so_does_its_end(
    postgres: ContainerPort, engine: Engine
) -> None:
    postgres.ask("DELETE", "/faults")
    for wanted, done in (([{"kind": "refuse"}], "refuse"), ([], "let in")):
        engine.calls = 0
        postgres.ask("PUT", "/faults", wanted)
        assert (engine.calls, engine.done[-1]) == (1, done)


def test_a_store_that_was_healed_by_hand_meanwhile_is_looked_at_again(redis: ContainerPort, engine: Engine) -> None:
    redis.ask("PUT", "/faults", [{"kind": "pause"}])
    assert ContainerPort("redis", "abc", DEEDS["redis"]).ask("DELETE", "/faults") == {"healed": 1}
    assert redis.ask("PUT", "/faults", []) == []
    redis.ask("PUT", "/faults", [{"kind": "pause"}])
    assert engine.done == ["pause", "unpause", "pause"]


def test_a_phase_is_nothing_to_a_store(redis: ContainerPort, engine: Engine) -> None:
    redis.ask("PUT", "/phase", {"name": "steady"})
    assert not engine.done


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({"kind": "slow", "seconds": 1}, "`redis` has no fault `slow`; it has pause, restart"),
        ({"kind": "pause", "seconds_active": 3}, "takes no `seconds_active`: it lasts until it is healed"),
    ],
)
def test_what_a_store_cannot_do_is_refused_and_nothing_is_done(
    redis: ContainerPort, engine: Engine, fault: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ErError, match=complaint):
        redis.ask("POST", "/faults", fault)
    assert not engine.done
