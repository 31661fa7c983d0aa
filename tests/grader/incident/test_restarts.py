"""The host restarts condemned services without waiting for them."""

import threading

import pytest

from grader.base.errors import ErError
from grader.engine.containers import Container
from grader.engine.control_port import ControlPort
from grader.incident.restarts import LOOK_SECONDS, ORCHESTRATOR, Restarts


class Condemning(ControlPort):
    """The control port of an orchestrator."""

    def __init__(self, *condemned: list[str]) -> None:
        super().__init__(ORCHESTRATOR, 0, "")
        self._answers = list(condemned)

    def condemned(self) -> list[str]:
        return self._answers.pop(0) if self._answers else []


class Containers:
    """A project of three containers."""

    @staticmethod
    def containers() -> list[Container]:
        return [Container(f"id-{name}", name, "stock", "running", "", 0, {}) for name in ("portal", "quotes", "load")]


class Engine:
    """An engine whose restarts end when the test allows it."""

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


def restarts(*condemned: list[str]) -> Restarts:
    return Restarts(Containers(), Condemning(*condemned))  # type: ignore[arg-type]


def until_idle(restarts: Restarts) -> None:
    for restart in restarts._restarts:  # noqa: SLF001 # to wait for its end
        restart.exception(10)


def test_only_a_condemned_service_is_restarted(engine: Engine, clock: list[float]) -> None:
    engine.may.set()
    acting = restarts(["portal"])
    assert acting.advance() == ["portal"]
    until_idle(acting)
    clock[0] += LOOK_SECONDS
    assert acting.advance() == []
    assert engine.calls == [("restart", "--time", "0", "id-portal")]


def test_restarts_are_busy_while_one_is_under_way(engine: Engine, clock: list[float]) -> None:
    del clock
    acting = restarts(["portal"])
    assert not acting.busy
    acting.advance()
    assert acting.busy
    engine.may.set()
    until_idle(acting)
    assert not acting.busy


def test_the_orchestrator_is_asked_once_in_each_interval(engine: Engine, clock: list[float]) -> None:
    engine.may.set()
    acting = restarts([], ["portal"])
    assert acting.advance() == []
    clock[0] += LOOK_SECONDS / 2
    assert acting.advance() == []
    clock[0] += LOOK_SECONDS
    assert acting.advance() == ["portal"]
    until_idle(acting)


def test_a_failed_restart_is_an_error_of_the_run(engine: Engine, clock: list[float]) -> None:
    engine.error = ErError("the engine is gone")
    engine.may.set()
    acting = restarts(["portal"])
    acting.advance()
    until_idle(acting)
    clock[0] += LOOK_SECONDS
    with pytest.raises(ErError, match="the engine is gone"):
        acting.advance()


def test_a_lab_without_an_orchestrator_restarts_nothing(engine: Engine) -> None:
    assert Restarts(Containers(), None).advance() == []  # type: ignore[arg-type]
    assert not engine.calls
