"""Commands that a store refused to a patient are counted by their name."""

import json

import pytest

from grader.engine import refusals
from grader.engine.docker import DockerError
from grader.engine.refusals import count_refused, refused_by_redis


def entry(command: str, count: int, username: str = "patient", reason: str = "command") -> dict[str, object]:
    return {"count": count, "reason": reason, "context": "toplevel", "object": command, "username": username}


def test_refused_commands_are_counted_by_name() -> None:
    log = [entry("keys", 7), entry("config|get", 1), entry("keys", 5)]
    assert count_refused(json.dumps(log)) == {"KEYS": 12, "CONFIG GET": 1}


def test_failed_logins_and_other_accounts_are_left_out() -> None:
    log = [entry("AUTH", 3, reason="auth"), entry("keys", 1, username="default")]
    assert count_refused(json.dumps(log)) == {}


@pytest.mark.parametrize("answer", ["", "NOAUTH Authentication required.", '[["count", 1]]', "null"])
def test_an_answer_that_is_not_a_log_gives_no_commands(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "docker", lambda *_, **__: answer)
    assert refused_by_redis("abc") == {}


def test_a_paused_store_gives_no_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: str, **__: float) -> str:
        raise DockerError("exec", "the container is paused")

    monkeypatch.setattr(refusals, "docker", fail)
    assert refused_by_redis("abc") == {}
