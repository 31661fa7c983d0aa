"""`make bench`: measure this machine against the budgets of the design.

It asserts nothing. Keep the machine quiet. Usage: bench.py [PART ...], parts: er, cold, start, grade, load, verify.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from patience import eventually

from grader.course.course import Course
from grader.course.fixes import candidate_folder, rejected
from grader.engine.control_port import ControlPort
from grader.engine.docker import docker
from grader.engine.project import Project
from grader.evidence.fitness import lag
from grader.evidence.prometheus import Evidence
from grader.grading.results import Results
from grader.grading.slots import at_once
from grader.live.session import live_project

COURSE = Course.here()
LAB = COURSE.lab("03")
ER = str(Course.here().root / "er")
RIGHT = LAB.path / "fixes" / "accepted" / "token-bucket-lua"
RUNS = 5


def show(what: str, values: list[float], budget: str = "", unit: str = "s") -> None:
    """Print one line with the median, the least and the most."""
    spread = f"{min(values):.2f} to {max(values):.2f}, {len(values)} runs"
    print(f"{what:<44} {statistics.median(values):>8.2f} {unit:<4} ({spread})  {budget}", flush=True)


def timed(*command: str, env: dict[str, str] | None = None) -> tuple[float, str]:
    """Run a command and return its seconds and output.

    The output of a failure is printed.
    """
    began = time.monotonic()
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    )
    if done.returncode not in (0, 1):
        print(done.stdout + done.stderr, file=sys.stderr)
    return time.monotonic() - began, done.stdout


def bench_er() -> None:
    """Time the program's own start."""
    show("er --help", [timed(ER, "--help")[0] for _ in range(10)], "budget 0.15 s")
    show("er list", [timed(ER, "list")[0] for _ in range(10)])


def bench_cold() -> None:
    """Time each part of the set-up in a fresh clone.

    The engine and its base image must be there already.
    """
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "course"
        subprocess.run(["git", "clone", "--quiet", str(COURSE.root), str(clone)], check=True)
        show("Python environment", [timed("python3", str(clone / "compose" / "bootstrap.py"))[0]])
    docker("builder", "prune", "--all", "--force", timeout=120)
    tags = docker("image", "ls", "--filter", "reference=pattern-er/*", "--format", "{{.Repository}}:{{.Tag}}").split()
    if tags:
        docker("image", "rm", "--force", *tags)
    _, said = timed(ER, "start", "03")
    timed(ER, "stop", "03")
    print("\n".join(line for line in said.splitlines() if " in " in line and "built" in line))


def bench_start() -> None:
    """Time a warm start, and measure the memory of the lab.

    The times are those until the lab is healthy, and until the symptom.
    """
    healthy: list[float] = []
    symptom: list[float] = []
    memory: list[float] = []
    with tempfile.TemporaryDirectory() as work:
        environment = {**os.environ, "ER_WORK": work, "PYTHONUNBUFFERED": "1"}
        for _ in range(RUNS):
            began = time.monotonic()
            with subprocess.Popen(
                [ER, "start", "03"], stdout=subprocess.PIPE, text=True, env=environment, stdin=subprocess.DEVNULL
            ) as start:
                assert start.stdout is not None  # for the type checker
                for line in start.stdout:
                    if line.startswith("healthy after"):
                        healthy.append(time.monotonic() - began)
                    if line.lstrip().startswith("Can't scale") and len(symptom) < len(healthy):
                        symptom.append(time.monotonic() - began)
            memory.append(_memory(live_project(COURSE, LAB, {}).name))
            timed(ER, "stop", "03")
    show("make lab-03, warm, to healthy", healthy, "budget 3 s")
    show("make lab-03, warm, to the symptom", symptom, "budget 10 s")
    show("memory of the lab", memory, "budget 512 MiB", "MiB")


def _memory(run: str) -> float:
    """Return the MiB of a run's containers, without droppable page cache."""
    units = {"KiB": 1 / 1024, "MiB": 1, "GiB": 1024}
    containers = docker("ps", "--quiet", "--filter", f"label=er.run={run}").split()
    used = [
        line.split(" ")[0]
        for line in docker("stats", "--no-stream", "--format", "{{.MemUsage}}", *containers).split("\n")
    ]
    return sum(float(text[:-3]) * units[text[-3:]] for text in used if text)


def bench_grade() -> None:
    """Time grades of the starter and of right and wrong fixes."""
    show("grade of the starter", [_grade(LAB.patient) for _ in range(RUNS)], "budget 15 s")
    show("grade of an accepted fix", [_grade(RIGHT) for _ in range(RUNS)], "budget 30 s")
    show("grade of a rejected fix", [_grade(candidate_folder(COURSE, LAB, name)) for name in rejected(LAB)])


def _grade(submission: Path) -> float:
    with tempfile.TemporaryDirectory() as out:
        timed(ER, "grade", "03", "--submission", str(submission), "--out", out)
        return Results.model_validate_json((Path(out) / "results.json").read_bytes()).seconds


def bench_load() -> None:
    """Measure the load generator at rising rates."""
    with tempfile.TemporaryDirectory() as work:
        shutil.copytree(RIGHT, Path(work) / LAB.name)
        timed(ER, "start", "03", env={"ER_WORK": work})
        try:
            project = live_project(COURSE, LAB, {})
            load, ports = next(c for c in project.containers() if c.role == "load"), project.ports()
            for rate in (200, 400, 800, 1200, 1600):
                share, sent, late = _loaded(project, load.id, ports.control["load"], rate)
                print(
                    f"load at {rate:>5}/s: {share:.2f} of a core, {sent:.1%} sent, at most {late:.2f} s late",
                    flush=True,
                )
        finally:
            timed(ER, "stop", "03")


def _loaded(project: Project, load: str, port: ControlPort, rate: int) -> tuple[float, float, float]:
    """Play 8 s at a rate and return the load generator's figures.

    These are the cores used, the share sent, and the worst lateness in seconds.
    """
    name = f"at-{rate}"

    def cpu() -> float:
        """Return the CPU seconds of the container's processes.

        /proc has them in one place on every kernel, unlike cgroups.
        """
        lines = docker("exec", load, "sh", "-c", "cat /proc/[0-9]*/stat").splitlines()
        # Behind the name, which may have spaces, utime and stime are the 12th and 13th field.
        fields = [line.rpartition(")")[2].split() for line in lines]
        return sum(int(field[11]) + int(field[12]) for field in fields) / os.sysconf("SC_CLK_TCK")

    port.play({"seed": 1, "phases": [{"name": name, "seconds": 8, "rate": {"polite": rate}}]})
    before, began = cpu(), time.monotonic()
    eventually(lambda: port.state() == "finished", every=0.2)
    share = (cpu() - before) / (time.monotonic() - began)
    evidence = Evidence(project.prometheus_port())
    eventually(lambda: (evidence.value("max(load_settled_phases)") or 0) >= 1, 10, every=0.1)
    where = f'{{phase="{name}"}}'
    sent = evidence.value(f"sum(load_sent_total{where}) / sum(load_intended_total{where})")
    return share, sent or 0.0, lag(evidence, name) or 0.0


def bench_verify() -> None:
    """Time the proof of lab 03 with several grades at a time.

    The output also counts the unfit attempts.
    """
    for jobs in (1, 2, 3):
        with tempfile.TemporaryDirectory() as folder:
            document = Path(folder) / "verify.json"
            seconds, _ = timed(ER, "verify", "03", "--jobs", str(jobs), "--json", str(document))
            proofs = json.loads(document.read_text())
            results = [Results.model_validate_json(Path(proof["results"]).read_bytes()) for proof in proofs]
        unfit = sum(bool(attempt.unfit) for result in results for attempt in result.attempts)
        plays = sum(len(result.attempts) for result in results)
        unjudged = sum(proof["verdict"] in ("inconclusive", "error") for proof in proofs)
        default = " (the default here)" if jobs == at_once() else ""
        figures = f"{seconds / 60:.1f} min, {unfit} of {plays} plays unfit, {unjudged} not judged"
        print(f"verify with {jobs} at a time{default}: {figures}", flush=True)


PARTS: dict[str, Callable[[], None]] = {
    "er": bench_er,
    "cold": bench_cold,
    "start": bench_start,
    "grade": bench_grade,
    "load": bench_load,
    "verify": bench_verify,
}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
