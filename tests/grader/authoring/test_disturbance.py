"""Disturbances disturb, and end on request or with their process."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE, eventually, read_until

from grader.authoring.disturbance import DISTURBANCES, disturbed
from grader.base.errors import ErError
from grader.course.course import Course
from grader.engine.containers import judged_cpus

LAB = Course.here().lab("03")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


def children(of: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{of}/task/{of}/children").read_text().split()]


def test_hogs_run_in_sessions_of_their_own_and_end_with_the_disturbance(tmp_path: Path) -> None:
    before = set(children(os.getpid()))
    with disturbed("hogs-2", LAB, tmp_path, list):
        hogs = set(children(os.getpid())) - before
        assert len(hogs) == 2
        assert len({os.getsid(hog) for hog in hogs} | {os.getsid(0)}) == 3
    assert not [hog for hog in hogs if Path(f"/proc/{hog}").exists()]


def test_the_disk_hog_writes_and_leaves_no_file(tmp_path: Path) -> None:
    file = tmp_path / "hog" / "disk-hog"
    with disturbed("disk", LAB, file.parent, list):
        assert eventually(lambda: file.exists() and file.stat().st_size > 1 << 20)
    assert not file.exists()


def test_pauses_stop_and_continue_the_given_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.authoring.disturbance.PAUSE_SECONDS", 0.05)
    monkeypatch.setattr("grader.authoring.disturbance.PAUSED_SECONDS", 0.05)
    with subprocess.Popen(["sleep", "60"]) as process:

        def state() -> str:
            return Path(f"/proc/{process.pid}/stat").read_text().split()[2]

        with disturbed("pauses", LAB, tmp_path, lambda: [process.pid]):
            assert eventually(lambda: state() == "T")
            assert eventually(lambda: state() == "S")
        assert state() == "S"
        process.kill()


@pytest.mark.parametrize("before", [None, "0.9"])
def test_a_slow_machine_lowers_cpu_limits_until_the_disturbance_ends(
    before: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ER_SPEED", raising=False)
    if before:
        monkeypatch.setenv("ER_SPEED", before)
    usual = judged_cpus("0.25")
    with disturbed("slow", LAB, tmp_path, list):
        assert judged_cpus("0.25") == "0.2"
    assert judged_cpus("0.25") == usual


@pytest.mark.parametrize("given", ["", "0", "0.0", "1.5", "2", "-0.5", "nan", "half"])
def test_a_speed_must_be_above_0_and_at_most_1(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ER_SPEED", given)
    with pytest.raises(ErError, match="must be above 0 and at most 1"):
        judged_cpus("0.25")


def test_a_hog_ends_by_itself_when_its_owner_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom grader.course.course import Course\n"
        "from grader.authoring.disturbance import disturbed\n"
        "with disturbed('hogs-2', Course.here().lab('03'), Path(sys.argv[1]), list):\n"
        "    print('disturbing', flush=True)\n    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        read_until(owner, "disturbing\n")
        hogs = children(owner.pid)
        assert len(hogs) == 2
        owner.send_signal(signal.SIGKILL)
        owner.wait(PATIENCE)
        assert eventually(lambda: not any(Path(f"/proc/{hog}").exists() for hog in hogs))


def test_an_unknown_disturbance_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ErError, match="hogs-8") as caught, disturbed("earthquake", LAB, tmp_path, list):
        pass
    assert all(kind in str(caught.value) for kind in DISTURBANCES)
