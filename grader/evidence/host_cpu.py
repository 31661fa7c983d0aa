"""What the host's CPUs did during an attempt: this run's work, other work, or nothing.

Source: `/proc` of Linux. Where the engine runs in a virtual machine of its own, as on macOS, nothing is known.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

ENGINE = ("dockerd", "containerd", "docker-proxy", "runc")
"""Programs that work for this run. They work for other containers too, but little."""

IDLE, WAITING = 3, 4
"""Columns of `/proc/stat` in which a CPU did nothing. Time stolen by a hypervisor is other work."""

TICKS = os.sysconf("SC_CLK_TCK")
"""The ticks of a second."""


class HostCpu(BaseModel):
    """Shares of the time of all CPUs: spent on other work than this run's, and idle."""

    other: float
    idle: float


@dataclass(frozen=True)
class Process:
    """A process of a run: its parent, and the CPU seconds of itself and of those of its children that have ended."""

    parent: int
    seconds: float


@dataclass(frozen=True)
class CpuTimes:
    """CPU seconds of all CPUs since boot, all in all and `idle`, and the processes of a run by PID."""

    total: float
    idle: float
    own: Mapping[int, Process]

    def until(self, later: "CpuTimes") -> HostCpu:
        """Return what the CPUs did between this reading and a later one.

        Time that a process used after this reading, and that ended with it and with its parent, counts as other work.
        """
        total, idle = later.total - self.total or 1, later.idle - self.idle
        other = max(0.0, total - idle - self._spent(later.own))
        return HostCpu(other=round(other / total, 3), idle=round(idle / total, 3))

    def _spent(self, later: Mapping[int, Process]) -> float:
        """Return the CPU seconds that the run spent between this reading and a later one."""
        spent = sum(process.seconds - self._seconds(pid) for pid, process in later.items())
        # The parent of a process that has ended now has its whole time, also what this reading already knew.
        known = sum(
            process.seconds for pid, process in self.own.items() if pid not in later and process.parent in later
        )
        return spent - known

    def _seconds(self, pid: int) -> float:
        return self.own[pid].seconds if pid in self.own else 0.0


class HostCpuMonitor:
    """Watch the host's CPUs during the phases of a run with these containers, by ID."""

    def __init__(self, containers: Collection[str]) -> None:
        self._containers = containers
        self._phase: str | None = None
        self._since: CpuTimes | None = None
        self.phases: dict[str, HostCpu] = {}
        """What the CPUs did in each phase that has ended, where the host tells."""

    def enter(self, phase: str | None) -> None:
        """End the current phase, and begin another one; None is the time after the last."""
        now = read_cpu_times(self._containers)
        if self._phase and self._since and now:
            self.phases[self._phase] = self._since.until(now)
        self._phase, self._since = phase, now


def read_cpu_times(containers: Collection[str], proc: Path = Path("/proc")) -> CpuTimes | None:
    """Read the CPU times of the host and of a run with these containers, by ID.

    The run's own are this process, the engine, the containers' processes, and those that the engine starts for a
    container. None where the host does not tell.
    """
    try:
        columns = [int(ticks) for ticks in (proc / "stat").read_text().splitlines()[0].split()[1:9]]
    except (OSError, ValueError, IndexError):
        return None
    idle = columns[IDLE] + columns[WAITING]
    return CpuTimes(total=sum(columns) / TICKS, idle=idle / TICKS, own=dict(_own(containers, proc)))


def _own(containers: Collection[str], proc: Path) -> Iterator[tuple[int, Process]]:
    """Yield the processes of a run."""
    for process in proc.glob("[0-9]*"):
        # A process may end while it is looked at.
        with suppress(OSError, ValueError):
            # The name is in parentheses and may hold both spaces and parentheses itself.
            name, _, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
            if process.name == str(os.getpid()) or name in ENGINE or _belongs(process, containers):
                fields = rest.split()
                yield int(process.name), Process(int(fields[1]), sum(map(int, fields[11:15])) / TICKS)


def _belongs(process: Path, containers: Collection[str]) -> bool:
    """Tell whether a process is in a container, or its shim."""
    marks = (process / "cgroup").read_text() + (process / "cmdline").read_text()
    return any(container in marks for container in containers)
