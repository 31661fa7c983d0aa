"""The host restarts what the orchestrator has condemned, and does not wait for it."""

import threading

import pytest

from grader.base.errors import ErError
from grader.engine.containers import Container
from grader.engine.control_port import ControlPort
from grader.incident.restarts import LOOK_SECONDS, ORCHESTRATOR, Orchestration


class Condemning(ControlPort):
    """The control port of an orchestrator."""

    def __init__(self, *condemned: list[str]) -> None:
        super().__init__(ORCHESTRATOR, 0, "")
        self.condemned = list(condemned)

    def ask(self, method: str, path: str, body: object = None) -> list[str]:
        assert (method, path, body) == ("DELETE", "/condemned", None)
        return self.condemned.pop(0) if self.condemned else []


class Containers:
    """A project of three containers."""

    @staticmethod
    def containers() -> list[Container]:
        return [Container(f"id-{name}", name, "stock", "running", "", 0, {}) for name in ("portal", "quotes", "load")]


class Engine:
    """An engine that restarts when it is let."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.may = threading.Event()
        self.error: Exception | None = None

    def __call__(self, *args: str) -> str:
        self.calls.append(args)
        self.may.wait(10)
        if self.error:
            raise self.error
        return ""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr("grader.incident.restarts.docker", engine)
    return engine


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("grader.incident.restarts.time.monotonic", lambda: now[0])
    return now


def orchestration(*condemned: list[str]) -> Orchestration:
    return Orchestration(Containers(), {ORCHESTRATOR: Condemning(*condemned)})  # type: ignore[arg-type]


def until_idle(orchestration: Orchestration) -> None:
    for restart in orchestration._restarts:  # noqa: SLF001 # to wait for its end
        restart.exception(10)


def test_who_is_condemned_is_restarted_and_nobody_else(engine: Engine, clock: list[float]) -> None:
    engine.may.set()
    acting = orchestration(["portal"])
    assert acting.advance() == ["portal"]
    until_idle(acting)
    clock[0] += LOOK_SECONDS
    assert acting.advance() == []
    assert engine.calls == [("restart", "--time", "0", "id-portal")]


def test_it_is_busy_while_a_restart_is_under_way(engine: Engine, clock: list[float]) -> None:
    del clock
    acting = orchestration(["portal"])
    assert not acting.busy
    acting.advance()
    assert acting.busy
    engine.may.set()
    until_idle(acting)
    assert not acting.busy


def test_it_looks_no_more_often_than_it_must(engine: Engine, clock: list[float]) -> None:
    engine.may.set()
    acting = orchestration([], ["portal"])
    assert acting.advance() == []
    clock[0] += LOOK_SECONDS / 2
    assert acting.advance() == []
    clock[0] += LOOK_SECONDS
    assert acting.advance() == ["portal"]
    until_idle(acting)


def test_a_restart_that_fails_is_an_error_of_the_run(engine: Engine, clock: list[float]) -> None:
    engine.error = ErError("the engine is gone")
    engine.may.set()
    acting = orchestration(["portal"])
    acting.advance()
    until_idle(acting)
    clock[0] += LOOK_SECONDS
    with pytest.raises(ErError, match="the engine is gone"):
        acting.advance()


def test_a_lab_without_an_orchestrator_asks_nobody(engine: Engine) -> None:
    assert Orchestration(Containers(), {}).advance() == []  # type: ignore[arg-type]
    assert not engine.calls
