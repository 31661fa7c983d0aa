"""Disturbances of this machine, made on purpose to test the verdicts.

A hog is a process that takes processor time, disk or memory. Each hog has a session of its own, because the processes
of one session share one scheduler group and would disturb nothing. A hog ends on request, and by itself when this
process is gone.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from grader.base.errors import ErError
from grader.course.course import Lab
from grader.grading.batch import Crew, Job

BURN = "while os.getppid() == parent:\n    for _ in range(200_000): pass"
WRITE = """
block = os.urandom(1 << 20)
with open(sys.argv[1], "wb", buffering=0) as file:
    while os.getppid() == parent:
        file.seek(0)
        for _ in range(256): file.write(block)
        os.fsync(file.fileno())
"""
ALLOCATE = """
open("/proc/self/oom_score_adj", "w").write("1000")
free = next(int(line.split()[1]) << 10 for line in open("/proc/meminfo") if line.startswith("MemAvailable"))
held = bytearray(int(free * 0.9))
for at in range(0, len(held), 4096): held[at] = 1
while os.getppid() == parent: time.sleep(0.2)
"""
PAUSE_SECONDS, PAUSED_SECONDS = 3.0, 1.5

SLOW = "0.8"
"""The share of its own CPU limit that each container gets on a slow machine."""

DISTURBANCES = ("slow", "hogs-2", "hogs-4", "hogs-8", "disk", "memory", "pauses", "beside-1", "beside-2")
"""The names of the disturbances.

`slow` lowers the CPU limit of each container, as a slower processor would. `pauses` stops and continues the grade
repeatedly. `beside-N` keeps N other grades running.
"""

ROOM = 3
"""Grades at a time, when others run beside the disturbed one."""


@contextmanager
def disturbed(kind: str, lab: Lab, folder: Path, to_pause: Callable[[], list[int]]) -> Iterator[None]:
    """Disturb the machine in one way inside the block.

    The grades beside the disturbed one play `lab`. The disk hog writes into `folder`. `to_pause` returns the processes
    that `pauses` stops. Raises ErError for an unknown kind.
    """
    with ExitStack() as stack:
        if kind == "slow":
            stack.enter_context(_slowed())
        elif kind.startswith("hogs-"):
            for _ in range(int(kind.removeprefix("hogs-"))):
                stack.enter_context(_hog(BURN))
        elif kind == "disk":
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / "disk-hog"
            stack.callback(file.unlink, missing_ok=True)
            stack.enter_context(_hog(WRITE, str(file)))
        elif kind == "memory":
            stack.enter_context(_hog(ALLOCATE))
        elif kind == "pauses":
            stack.enter_context(_pauses(to_pause))
        elif kind.startswith("beside-"):
            for number in range(int(kind.removeprefix("beside-"))):
                stack.enter_context(_beside(lab, folder / f"beside-{number}"))
        else:
            raise ErError(f"there is no disturbance `{kind}`; there are {', '.join(DISTURBANCES)}")
        yield


@contextmanager
def _slowed() -> Iterator[None]:
    given = os.environ.get("ER_SPEED")
    os.environ["ER_SPEED"] = SLOW
    try:
        yield
    finally:
        if given is None:
            del os.environ["ER_SPEED"]
        else:
            os.environ["ER_SPEED"] = given


@contextmanager
def _hog(program: str, *args: str) -> Iterator[None]:
    start = f"import os, sys, time\nparent = {os.getpid()}\n"
    hog = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", start + program, *args], start_new_session=True, stdin=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        hog.kill()
        hog.wait()


@contextmanager
def _beside(lab: Lab, out: Path) -> Iterator[None]:
    """Keep grading the starter, because its incident is the heaviest load."""
    over = threading.Event()
    crew = Crew(ROOM)
    job = Job("beside", lab, lab.patient, out, seed=1, thorough=True)

    def grade_over_and_over() -> None:
        while not over.is_set():
            list(crew.run([job]))

    thread = threading.Thread(target=grade_over_and_over)
    thread.start()
    try:
        yield
    finally:
        over.set()
        crew.dismiss()
        thread.join()


@contextmanager
def _pauses(to_pause: Callable[[], list[int]]) -> Iterator[None]:
    over = threading.Event()

    def pause_and_resume() -> None:
        while not over.wait(PAUSE_SECONDS):
            stopped = to_pause()
            for process in stopped:
                _tell(process, signal.SIGSTOP)
            over.wait(PAUSED_SECONDS)
            for process in stopped:
                _tell(process, signal.SIGCONT)

    thread = threading.Thread(target=pause_and_resume)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _tell(process: int, number: signal.Signals) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return
