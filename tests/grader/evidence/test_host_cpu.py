"""What the host's CPUs did: read from a made-up `/proc`, and from the real one."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.evidence import host_cpu
from grader.evidence.host_cpu import TICKS, CpuTimes, HostCpu, HostCpuMonitor, Process, read_cpu_times


def write_host(proc: Path, *seconds: float) -> None:
    """Write what all CPUs did: user, nice, system, idle, I/O, interrupts of two kinds, stolen."""
    columns = " ".join(str(int(second * TICKS)) for second in seconds)
    proc.joinpath("stat").write_text(f"cpu  {columns} 7 7\ncpu0 1 2 3\n")


def write_process(proc: Path, pid: int, name: str, seconds: tuple[float, ...], **files: str) -> None:
    """Write a process with its seconds as user, as system, and those of its ended children."""
    folder = proc / str(pid)
    folder.mkdir()
    used = " ".join(str(int(second * TICKS)) for second in seconds)
    folder.joinpath("stat").write_text(f"{pid} ({name}) S 9 2 3 4 5 6 7 8 9 10 {used} 20 0 1 0\n")
    for file, text in {"cgroup": "0::/", "cmdline": "", **files}.items():
        folder.joinpath(file).write_text(text)


def test_a_runs_own_are_its_containers_their_shims_the_engine_and_the_grader(tmp_path: Path) -> None:
    write_host(tmp_path, 10, 0, 2, 80, 3, 0, 1, 4)
    write_process(tmp_path, 50, "python (x) y", (1, 0.5, 0, 0), cgroup="0::/system.slice/docker-abc123.scope\n")
    write_process(tmp_path, 51, "containerd-shim", (0, 0, 0.25, 0.25), cmdline="containerd-shim\0-id\0abc123def")
    write_process(tmp_path, 52, "dockerd", (2, 0, 0, 0))
    write_process(tmp_path, os.getpid(), "python", (0.5, 0, 0, 0.5))
    write_process(tmp_path, 53, "python", (4, 0, 0, 0), cgroup="0::/docker/other\n")
    seconds = {50: 1.5, 51: 0.5, 52: 2.0, os.getpid(): 1.0}
    own = {pid: Process(parent=9, seconds=used) for pid, used in seconds.items()}
    assert read_cpu_times(["abc123"], tmp_path) == CpuTimes(total=100, idle=83, own=own)


def test_other_work_is_what_is_neither_idle_nor_the_runs_own() -> None:
    before = CpuTimes(total=20, idle=10, own={7: Process(1, 1)})
    after = CpuTimes(total=30, idle=14, own={7: Process(1, 4), 8: Process(7, 1)})
    assert before.until(after) == HostCpu(other=0.2, idle=0.4)


def test_the_time_of_a_child_that_has_ended_counts_once() -> None:
    before = CpuTimes(total=20, idle=10, own={7: Process(1, 1), 8: Process(7, 3)})
    after = CpuTimes(total=30, idle=14, own={7: Process(1, 6)})
    assert before.until(after).other == 0.4


def test_a_killed_containers_earlier_time_is_not_other_work() -> None:
    before = CpuTimes(total=20, idle=10, own={7: Process(1, 9), 50: Process(1, 1)})
    after = CpuTimes(total=30, idle=15, own={50: Process(1, 6)})
    assert before.until(after) == HostCpu(other=0, idle=0.5)


def test_a_process_that_ends_meanwhile_is_left_out(tmp_path: Path) -> None:
    write_host(tmp_path, 1, 0, 0, 1, 0, 0, 0, 0)
    (tmp_path / "77").mkdir()
    assert read_cpu_times([], tmp_path) == CpuTimes(total=2, idle=1, own={})


def test_a_host_that_does_not_tell_is_none(tmp_path: Path) -> None:
    assert read_cpu_times([], tmp_path) is None


def test_each_phase_that_has_ended_has_its_own_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([CpuTimes(0, 0, {}), CpuTimes(10, 5, {1: Process(0, 5)}), CpuTimes(20, 5, {1: Process(0, 10)}), None])
    monkeypatch.setattr(host_cpu, "read_cpu_times", lambda _: next(times))
    monitor = HostCpuMonitor([])
    for phase in ("steady", "surge", "recovery", None):
        monitor.enter(phase)
    assert monitor.phases == {"steady": HostCpu(other=0, idle=0.5), "surge": HostCpu(other=0.5, idle=0)}


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux has /proc")
def test_a_hog_on_this_host_is_other_work() -> None:
    before = read_cpu_times([])
    hog = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        time.sleep(1)
        after = read_cpu_times([])
    finally:
        hog.kill()
        hog.wait()
    assert before is not None
    assert after is not None
    assert before.until(after).other > 0.2 / (os.cpu_count() or 1)
