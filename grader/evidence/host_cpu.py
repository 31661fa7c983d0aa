"""What the host's CPUs did during an attempt: this run's work, other work, or nothing.

Source: `/proc` of Linux. Where the engine runs in a virtual machine of its own, as on macOS, nothing is known.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

ENGINE = ("dockerd", "containerd", "docker-proxy", "runc")
"""Programs that work for this run. They work for other containers too, but little."""

IDLE, WAITING = 3, 4
"""Columns of `/proc/stat` in which a CPU did nothing. Time stolen by a hypervisor is other work."""


class HostCpu(BaseModel):
    """Shares of the time of all CPUs: spent on other work than this run's, and idle."""

    other: float
    idle: float


@dataclass(frozen=True)
class CpuTimes:
    """CPU seconds since boot of all CPUs: `idle`, spent by this run, and all in all."""

    idle: float
    own: float
    total: float

    def until(self, later: "CpuTimes") -> HostCpu:
        """Return what the CPUs did between this reading and a later one.

        A container that was killed in between takes its own time with it: that counts as other work.
        """
        total = later.total - self.total or 1
        idle, own = later.idle - self.idle, later.own - self.own
        return HostCpu(other=round(max(0, total - idle - own) / total, 3), idle=round(idle / total, 3))


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
    ticks = os.sysconf("SC_CLK_TCK")
    own = sum(_own_ticks(containers, proc))
    return CpuTimes(idle=(columns[IDLE] + columns[WAITING]) / ticks, own=own / ticks, total=sum(columns) / ticks)


def _own_ticks(containers: Collection[str], proc: Path) -> Iterator[int]:
    """Yield the ticks that each process of the run has used, with those of its children that have ended."""
    for process in proc.glob("[0-9]*"):
        # A process may end while it is looked at.
        with suppress(OSError, ValueError):
            # The name is in parentheses and may hold both spaces and parentheses itself.
            name, _, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
            if process.name == str(os.getpid()) or name in ENGINE or _belongs(process, containers):
                yield sum(int(ticks) for ticks in rest.split()[11:15])


def _belongs(process: Path, containers: Collection[str]) -> bool:
    """Tell whether a process is in a container, or its shim."""
    marks = (process / "cgroup").read_text() + (process / "cmdline").read_text()
    return any(container in marks for container in containers)
