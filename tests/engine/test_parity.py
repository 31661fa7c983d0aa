"""A patient cannot tell a grade from a live lab."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from own_runs import own_runs, running
from patience import GRADE_SECONDS, UP_SECONDS, read_until

from grader.course.course import Course
from grader.engine.docker import docker
from grader.engine.ownership import Run

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("nothing_left")]

COURSE = Course.here()
ER = str(Course.here().root / "er")
LOOK = """
env; hostname; id; pwd; ls -laR /patient /run /etc/hosts /etc/hostname
cat /proc/self/mountinfo /proc/self/cgroup /etc/hosts /etc/resolv.conf /proc/1/cmdline /proc/self/limits
cat /sys/fs/cgroup/*.max /sys/fs/cgroup/*/*limit* 2>/dev/null; cat /proc/net/route /proc/net/dev | cut -d: -f1
for name in quotes redis load twin prometheus gateway-1; do getent hosts $name; done
"""
OWN = (
    (re.escape(str(COURSE.root)), "COURSE"),
    (r"er-03-[0-9a-f]{8}", "RUN"),
    (r"[0-9a-f]{64}|[0-9a-f]{12}\b", "ID"),
    (r"/var/lib/docker/overlay2/\S+", "LAYERS"),
    (r"\b\d+\.\d+\.\d+\.\d+\b", "ADDRESS"),
    (r"\w+ +\d+ \d\d:\d\d", "TIME"),
    (r"[0-9A-F]{8}", "HEX"),
    (r"\d+", "N"),
)
"""Replacements for the parts that differ between any two runs: names, addresses, times, numbers of mounts."""


def seen(run: Run) -> list[str]:
    """Return the surroundings that the first gateway of a run sees.

    Parts that differ between any two runs are replaced.
    """
    service = "label=com.docker.compose.service=gateway-1"
    gateway = docker("ps", "--quiet", "--filter", f"label=er.run={run.name}", "--filter", service).strip()
    text = docker("exec", gateway, "sh", "-c", LOOK)
    for pattern, word in OWN:
        text = re.sub(pattern, word, text)
    return sorted(re.sub(r" +", " ", line) for line in text.splitlines())


def test_the_surroundings_of_a_grade_are_those_of_a_live_lab(tmp_path: Path) -> None:
    environment = {**os.environ, "ER_WORK": str(tmp_path)}
    start = [ER, "start", "03"]
    subprocess.run(
        start, env=environment, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=GRADE_SECONDS
    )
    try:
        (live,) = own_runs()
        at_home = seen(live)
        command = [ER, "grade", "03", "--out", str(tmp_path / "out")]
        with running(*command, env=environment) as grade:
            read_until(grade, "healthy after", UP_SECONDS)
            (judged,) = [run for run in own_runs() if run.name != live.name]
            in_the_grade = seen(judged)
            grade.communicate(timeout=GRADE_SECONDS)
    finally:
        subprocess.run([ER, "stop", "03"], check=True, capture_output=True, timeout=UP_SECONDS)
    assert in_the_grade == at_home
    assert len(at_home) > 50
    assert not [line for line in at_home if re.search("grad|judge|verdict|submission", line)]
