import fcntl
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from patience import PATIENCE, eventually, read_until

from grader.base.errors import ErError
from grader.engine import ownership, reaper
from grader.engine.ownership import Run, fresh_name, known_runs, live_lab, lock_path, remove_orphans

NOW = datetime.now(UTC)
OWN = """
import sys
from pathlib import Path
from grader.engine.ownership import owned
run = Path(sys.argv[1])
with owned(run.name, run) as released:
    print("owned", flush=True)
    sys.stdin.read()
    released()
"""


def made(lock: Path, *, live: str = "", age: timedelta = timedelta()) -> Run:
    return Run("er-03-00000000", lock, live, datetime.now(UTC) - age, 7)


def test_a_grade_with_a_free_lock_is_orphaned(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    lock.touch()
    assert made(lock).orphaned


def test_a_grade_with_a_held_lock_is_alive_however_old(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert not made(lock, age=timedelta(days=1)).orphaned


@pytest.mark.parametrize(("minutes", "orphaned"), [(5, False), (59, False), (61, True)])
def test_a_grade_with_an_inaccessible_lock_is_orphaned_after_an_hour(
    tmp_path: Path, minutes: int, *, orphaned: bool
) -> None:
    assert made(tmp_path / "elsewhere.lock", age=timedelta(minutes=minutes)).orphaned is orphaned
    assert made(Path(), age=timedelta(minutes=minutes)).orphaned is orphaned


def test_a_live_lab_is_never_orphaned(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    lock.touch()
    assert not made(lock, live="12345678-03", age=timedelta(days=1)).orphaned


def test_run_names_differ_and_have_one_form() -> None:
    names = {fresh_name("03") for _ in range(100)}
    assert len(names) == 100
    assert all(len(name) == len("er-03-00000000") for name in names)


def test_each_checkout_has_its_own_live_lab() -> None:
    assert live_lab(Path("/a"), "03") != live_lab(Path("/b"), "03")
    assert live_lab(Path("/a"), "03").endswith("-03")


def test_a_run_is_as_old_as_its_youngest_part(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = {
        "ps": "er-03-a\t/x/er-03-a.lock\t\t2026-11-23 13:40:01 +0000 UTC\n"
        "er-03-a\t/x/er-03-a.lock\t\t2026-11-23 13:40:03 +0000 UTC\n"
        "er-05-b\t\tabc-05\t2026-11-23 15:40:03 +0200 CEST\n",
        "network": "er-03-a\t/x/er-03-a.lock\t\t2026-11-23 13:40:00.123456789 +0000 UTC\n"
        "er-03-c\t\t\t2026-11-23 13:00:00.5 +0000 UTC\n",
    }
    monkeypatch.setattr(ownership, "docker", lambda command, *_: printed[command])
    known = {run.name: run for run in known_runs()}
    assert {name: run.containers for name, run in known.items()} == {"er-03-a": 2, "er-03-c": 0, "er-05-b": 1}
    assert known["er-03-a"].created == datetime(2026, 11, 23, 13, 40, 3, tzinfo=UTC)
    assert known["er-05-b"].created == datetime(2026, 11, 23, 13, 40, 3, tzinfo=UTC)
    assert known["er-05-b"].live == "abc-05"


def test_orphans_are_taken_down_and_living_runs_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free, held = tmp_path / "er-03-dead.lock", tmp_path / "er-03-alive.lock"
    for lock in (free, held):
        lock.touch()
        lock.with_suffix("").mkdir()
    removed: list[str] = []
    said: list[str] = []
    monkeypatch.setattr(ownership, "remove_project", removed.append)
    monkeypatch.setattr(
        ownership, "known_runs", lambda: [Run("er-03-dead", free, "", NOW, 7), Run("er-03-alive", held, "", NOW, 7)]
    )
    with held.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        remove_orphans(tmp_path, said.append)
        assert removed == ["er-03-dead"]
        assert said == ["took down `er-03-dead`, left by a grade that was killed"]
        assert sorted(path.name for path in tmp_path.iterdir()) == ["er-03-alive", "er-03-alive.lock"]


def test_orphan_files_are_removed_while_holding_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = lock_path(tmp_path / "er-03-test")
    lock.touch()
    cleared: list[Path] = []

    def clear(folder: Path, *, ignore_errors: bool) -> None:
        assert ignore_errors
        with lock.open("r+") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        cleared.append(folder)

    monkeypatch.setattr(ownership, "known_runs", list)
    monkeypatch.setattr("shutil.rmtree", clear)
    remove_orphans(tmp_path, print)
    assert cleared == [tmp_path / "er-03-test"]
    assert not lock.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_grade_makes_a_new_lock_when_the_old_one_was_removed(tmp_path: Path) -> None:
    lock = lock_path(tmp_path / "er-03-test")
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        process = spawned(tmp_path / "er-03-test")
        assert eventually(lambda: opens(process.pid, lock))
        lock.unlink()
    with process:
        read_until(process, "owned\n")
        assert made(lock).orphaned is False
        process.communicate("", timeout=PATIENCE)


def opens(pid: int, path: Path) -> bool:
    return any(descriptor.resolve() == path for descriptor in Path(f"/proc/{pid}/fd").iterdir())


def spawned(run: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", OWN, str(run)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def begun(run: Path) -> "subprocess.Popen[str]":
    process = spawned(run)
    read_until(process, "owned\n")
    return process


def reapers(name: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"grader.engine.reaper\0{name}\0".encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_run_that_ends_regularly_ends_its_reaper(tmp_path: Path) -> None:
    run = tmp_path / fresh_name("03")
    with begun(run) as process:
        assert eventually(lambda: len(reapers(run.name)) == 1)
        process.communicate("", timeout=PATIENCE)
    assert process.returncode == 0
    assert reapers(run.name) == []
    assert not lock_path(run).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_the_reaper_outlives_a_killed_owner_and_removes_its_files(tmp_path: Path) -> None:
    run = tmp_path / fresh_name("03")
    run.mkdir()
    with begun(run) as process:
        assert eventually(lambda: len(reapers(run.name)) == 1)
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
        # Because its first look removes the run's files, with or without an engine.
        assert eventually(lambda: not run.exists())
        for pid in reapers(run.name):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("engine_answers", [True, False])
def test_a_reaper_without_an_engine_leaves_the_lock_for_the_next_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, engine_answers: bool
) -> None:
    def remove(_name: str) -> None:
        if not engine_answers:
            raise ErError("cannot connect to the Docker daemon")

    monkeypatch.setattr(reaper, "remove_project", remove)
    monkeypatch.setattr(reaper, "ATTEMPTS", 1)
    run = tmp_path / "er-03-test"
    lock_path(run).touch()
    reaper.reap("er-03-test", run)
    assert lock_path(run).exists() is not engine_answers
    assert made(lock_path(run)).orphaned is not engine_answers
