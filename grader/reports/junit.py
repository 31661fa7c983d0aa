"""JUnit XML: a suite for each lab, a case for each check or candidate."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.base.files import write_whole
from grader.base.sanitize import plain
from grader.evidence.checks import State
from grader.grading.results import CheckResult, Results, Verdict
from grader.reports.measured import measured

CaseStatus = Literal["passed", "failure", "error", "skipped"]


@dataclass(frozen=True)
class Case:
    """A test case: `message` says why in one line, `text` in full."""

    name: str
    status: CaseStatus
    message: str = ""
    text: str = ""
    seconds: float = 0.0


def cases(results: Results) -> list[Case]:
    """Return a case for the verdict, with its cause, and one for each check."""
    outcomes: dict[Verdict, CaseStatus] = {Verdict.PASSED: "passed", Verdict.FAILED: "failure"}
    cause = (results.cause or "").partition("\n")[0]
    verdict = Case(
        "verdict",
        outcomes.get(results.verdict, "error"),
        cause or results.verdict,
        results.cause or "",
        results.seconds,
    )
    return [verdict, *(_case(check) for check in results.checks)]


def _case(check: CheckResult) -> Case:
    outcomes: dict[State, CaseStatus] = {State.HOLDS: "passed", State.FAILS: "failure", State.NOT_REACHED: "skipped"}
    return Case(
        check.name,
        outcomes.get(check.state, "error"),
        f"{'; '.join(measured(check))}, wanted {check.wanted}",
        check.says,
    )


def write(path: Path, suites: dict[str, Sequence[Case]]) -> None:
    """Write these suites, by name, to a file."""
    root = ET.Element("testsuites")
    for name, its in suites.items():
        suite = ET.SubElement(root, "testsuite", _totals(its), name=plain(name))
        for case in its:
            element = ET.SubElement(
                suite, "testcase", name=plain(case.name), classname=plain(name), time=f"{case.seconds:.1f}"
            )
            if case.status != "passed":
                ET.SubElement(element, case.status, message=plain(case.message)).text = plain(case.text)
    for key, value in _totals([case for its in suites.values() for case in its]).items():
        root.set(key, value)
    write_whole(path, ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _totals(its: Sequence[Case]) -> dict[str, str]:
    counts = {key: sum(case.status == key.removesuffix("s") for case in its) for key in ("failures", "errors")}
    skipped = sum(case.status == "skipped" for case in its)
    return {
        "tests": str(len(its)),
        **{key: str(count) for key, count in counts.items()},
        "skipped": str(skipped),
        "time": f"{sum(case.seconds for case in its):.1f}",
    }
