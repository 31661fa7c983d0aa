"""The results of a grade: one versioned document, `results.json`."""

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator

from grader.base.files import write_whole
from grader.evidence.checks import CheckFinding, Reading, State
from grader.evidence.host_cpu import HostCpu
from grader.evidence.timeline import Timeline
from grader.evidence.traces import Trace

Text = Annotated[
    str,
    BeforeValidator(lambda text: text.encode(errors="backslashreplace").decode() if isinstance(text, str) else text),
]
"""Text that may name a submission's files. JSON takes only Unicode, which such a name need not be."""


class Verdict(StrEnum):
    """The outcome of a grade."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"

    @property
    def exit_code(self) -> int:
        """Return 0 for passed, 1 for failed, and 2 otherwise."""
        return {Verdict.PASSED: 0, Verdict.FAILED: 1}.get(self, 2)


class CheckResult(BaseModel):
    """A check with its threshold, and its finding in each phase."""

    name: str
    kind: str
    says: str
    wanted: str
    state: State
    findings: list[CheckFinding]


class LevelResult(BaseModel):
    """The level of a passing patient, the share that reached it, and from where the next level begins."""

    says: str
    share: float
    name: Literal["Good", "Great", "Elite"]
    next: str = ""


class Attempt(BaseModel):
    """One play of the incident, with its raw readings by check.

    `unfit` says why it cannot be judged, if so. By phase, `twin` is the share of the control twin's requests answered
    in time, `canary` the share of a CPU that its canary got while it asked for one, `lag` the worst delay of the load
    generator, and `late` the worst delay of the grader with phase and faults (seconds). `speed` counts the canary's
    rounds of work in a second of CPU time, `cpu` is what the host's CPUs did. `traces` are examples for the report of a
    lab with a trace-audit. `refused` counts the commands that Redis refused to the patient. `harm` is the count of the
    incident's harm, None without data. Both times are 0 when the host was too busy to start the system.
    """

    seconds: float = 0.0
    healthy_after: float = 0.0
    unfit: list[str] = []
    twin: dict[str, float | None] = {}
    canary: dict[str, float | None] = {}
    lag: dict[str, float | None] = {}
    late: dict[str, float] = {}
    speed: float | None = None
    cpu: dict[str, HostCpu] = {}
    readings: dict[str, list[Reading]] = {}
    timeline: Timeline | None = None
    traces: list[Trace] = []
    refused: dict[str, int] = {}
    harm: float | None = None


class Results(BaseModel):
    """A whole grade.

    Times are in seconds. `cause` says why where the checks alone do not, and `next` is the command that helps, where
    the cause has one. `harm` says what the incident did to people in the attempt that was judged, None when it did
    nothing. `notes` say what is unusual about the submission. `diff` compares it with the starter; `images` is by
    Compose variable.
    """

    version: Literal[1] = 1
    lab: str
    seed: int
    began: str
    seconds: float
    verdict: Verdict
    cause: Text | None = None
    next: Text | None = None
    harm: str | None = None
    notes: list[Text] = []
    level: LevelResult | None = None
    checks: list[CheckResult] = []
    attempts: list[Attempt] = []
    diff: Text = ""
    images: dict[str, str] = {}

    @property
    def whole(self) -> bool:
        """Tell whether all checks could be judged.

        An attempt was fit, or the patient failed before the first one ended. An exact check may fail on a machine that
        is too busy to judge the others.
        """
        return not self.attempts or any(not attempt.unfit for attempt in self.attempts)

    @property
    def shown(self) -> Attempt | None:
        """Return the attempt that reports show: the latest fit one, else the latest."""
        fit = [attempt for attempt in self.attempts if not attempt.unfit] or self.attempts
        return fit[-1] if fit else None

    @property
    def advice(self) -> list[str]:
        """Return what may help a learner, but is not part of the verdict."""
        refused: Counter[str] = Counter()
        for attempt in self.attempts:
            refused.update(attempt.refused)
        return [
            f"Redis refused `{command}`, {count} {'time' if count == 1 else 'times'}: "
            "the account of your code may not use this command"
            for command, count in refused.items()
        ]

    def failed_checks(self) -> list[str]:
        """Return the names of the checks that failed."""
        return [check.name for check in self.checks if check.state is State.FAILS]

    def write(self, folder: Path) -> Path:
        """Write `results.json` into a folder atomically and return its path."""
        path = folder / "results.json"
        write_whole(path, self.model_dump_json(indent=1) + "\n")
        return path
