"""What a grade leaves behind: one versioned document, `results.json`."""

from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from grader.base.files import write_whole
from grader.evidence.checks import Finding, Reading, State
from grader.evidence.timeline import Timeline
from grader.evidence.traces import Trace


class Verdict(StrEnum):
    """The outcome of a grade."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"

    @property
    def exit_code(self) -> int:
        """Return 0 for passed, 1 for the learner's doing, 2 when it could not be judged."""
        return {Verdict.PASSED: 0, Verdict.FAILED: 1}.get(self, 2)


class CheckResult(BaseModel):
    """A check with its threshold, and what was found in each of its phases."""

    name: str
    kind: str
    says: str
    wanted: str
    state: State
    findings: list[Finding]


class LevelResult(BaseModel):
    """How well a passing patient did: the share reached, and the level's name."""

    says: str
    share: float
    name: Literal["Good", "Great", "Elite"]


class Attempt(BaseModel):
    """One play of the incident: its length, why it could not be judged (if so), and its raw readings by check.

    By phase, `twin` is the share of the control twin's requests answered in time, `canary` the share of a processor
    that its canary got while it wanted one, `lag` how late the load generator was at worst, and `late` how late the
    grader was with phase and faults (seconds). `speed` is how many rounds of work the canary did in a second of a
    processor, `pressure` the share of the time in which some work on the host waited for a CPU. `traces` are a few that
    a lab with a trace-audit shows to people.
    """

    seconds: float
    healthy_after: float
    unfit: list[str]
    twin: dict[str, float | None]
    canary: dict[str, float | None] = {}
    lag: dict[str, float | None] = {}
    late: dict[str, float] = {}
    speed: float | None = None
    pressure: float | None = None
    readings: dict[str, list[Reading]]
    timeline: Timeline | None = None
    traces: list[Trace] = []


class Results(BaseModel):
    """The whole grade. Times are in seconds; `cause` says why when checks alone do not.

    `diff` is the submission against the starter, `images` what ran, by Compose's variables.
    """

    version: Literal[1] = 1
    lab: str
    seed: int
    began: str
    seconds: float
    verdict: Verdict
    cause: str | None = None
    level: LevelResult | None = None
    checks: list[CheckResult] = []
    attempts: list[Attempt] = []
    diff: str = ""
    images: dict[str, str] = {}

    @property
    def whole(self) -> bool:
        """Tell whether all checks could be judged: some play was fit, or there was none as the code did not get there.

        An exact check can fail on a machine that was too busy for all others.
        """
        return not self.attempts or any(not attempt.unfit for attempt in self.attempts)

    def failed_checks(self) -> list[str]:
        """Return the names of the checks that failed."""
        return [check.name for check in self.checks if check.state is State.FAILS]

    def write(self, folder: Path) -> Path:
        """Write `results.json` into a folder at one stroke and return its path."""
        path = folder / "results.json"
        write_whole(path, self.model_dump_json(indent=1) + "\n")
        return path
