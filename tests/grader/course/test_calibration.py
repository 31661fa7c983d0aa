import math
import shutil
from pathlib import Path

import pytest

from grader.authoring.margins import thresholds
from grader.base.errors import ErError
from grader.course.calibration import Calibration, Threshold, holds_for, read_calibration
from grader.course.course import Course, Lab
from grader.evidence.checks import CheckFinding, State
from grader.grading.results import CheckResult, Results, Verdict

LAB = Course.here().lab("03")


def results(**measured: float | list[float]) -> Results:
    checks = [
        CheckResult(
            name=name.replace("_", "-"),
            kind="share",
            says="",
            wanted="",
            state=State.HOLDS,
            findings=[
                CheckFinding(phase=None, state=State.HOLDS, measured=value)
                for value in (values if isinstance(values, list) else [values])
            ],
        )
        for name, values in measured.items()
    ]
    return Results(lab=LAB.name, seed=1, began="", seconds=1, verdict=Verdict.PASSED, checks=checks)


def found(check: str, side: str, *runs: tuple[str, Results]) -> Threshold:
    return next(item for item in thresholds(LAB, runs) if (item.check, item.side) == (check, side))


def test_a_shares_margins_are_ratios_of_what_is_missing_to_one() -> None:
    item = found(
        "polite-tenants-served",
        "min",
        ("sliding-window", results(polite_tenants_served=[1.0, 0.95])),
        ("token-bucket-lua", results(polite_tenants_served=[1.0, 1.0])),
        ("starter", results(polite_tenants_served=[0.2, 0.0])),
        ("one-bucket-for-all", results(polite_tenants_served=[0.9, 0.6])),
    )
    assert (item.threshold, item.worst_accepted, item.accepted) == (0.8, 0.95, "sliding-window")
    assert item.accepted_margin == pytest.approx(0.2 / 0.05)
    assert (item.best_rejected, item.rejected) == (0.6, "one-bucket-for-all")
    assert item.rejected_margin == pytest.approx(0.4 / 0.2)
    assert not item.thin


def test_a_perfect_accepted_run_has_an_infinite_margin() -> None:
    item = found("burst-is-honoured", "min", ("sliding-window", results(burst_is_honoured=1.0)))
    assert item.accepted_margin == math.inf
    assert (item.best_rejected, item.rejected_margin) == (None, None)


def test_a_measures_margins_are_distances_in_guards() -> None:
    item = found(
        "quotes-not-overloaded",
        "max",
        ("sliding-window", results(quotes_not_overloaded=[45.0, 30.0])),
        ("read-then-write", results(quotes_not_overloaded=[40.0, 140.0])),
    )
    assert (item.accepted_margin, item.rejected_margin) == ((90 - 45) / 5, (140 - 90) / 5)


def test_a_measures_unit_is_the_larger_of_guard_and_spread() -> None:
    runs = [("sliding-window", results(quotes_not_overloaded=value)) for value in (30.0, 50.0)]
    assert found("quotes-not-overloaded", "max", *runs).accepted_margin == (90 - 50) / 10


def test_a_rejected_run_counts_on_the_side_on_which_it_fails() -> None:
    runs = [
        ("block-the-tenant", results(noisy_tenant_gets_its_limit=[0.1, 0.2])),
        ("local-counter", results(noisy_tenant_gets_its_limit=[1.9, 2.0])),
        ("sliding-window", results(noisy_tenant_gets_its_limit=[0.9, 1.0])),
    ]
    below, above = (found("noisy-tenant-gets-its-limit", side, *runs) for side in ("min", "max"))
    assert (below.best_rejected, below.rejected, below.worst_accepted) == (0.1, "block-the-tenant", 0.9)
    assert (above.best_rejected, above.rejected, above.worst_accepted) == (2.0, "local-counter", 1.0)


def test_an_exact_check_has_no_margins() -> None:
    item = found("answers-are-real", "max", ("sliding-window", results(answers_are_real=0.0)))
    assert (item.worst_accepted, item.accepted_margin, item.thin) == (0.0, None, False)


@pytest.mark.parametrize(
    ("accepted", "rejected", "thin"), [(2.0, 1.5, False), (1.99, 9, True), (9, 1.49, True), (None, None, False)]
)
def test_a_margin_below_the_least_is_thin(accepted: float | None, rejected: float | None, *, thin: bool) -> None:
    item = Threshold(check="a", side="min", threshold=0.5, accepted_margin=accepted, rejected_margin=rejected)
    assert item.thin is thin


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A copy of lab 03 that a test may change."""
    return Lab(Path(shutil.copytree(LAB.path, tmp_path / LAB.name)))


def test_the_starters_figure_is_the_median_of_its_worst_phases() -> None:
    runs = [("starter", results(polite_tenants_served=[0.3 + value, value])) for value in (0.1, 0.2, 0.6)]
    runs.append(("sliding-window", results(polite_tenants_served=1.0)))
    relieved = [results(polite_tenants_served=[0.9, 0.7])]
    first = thresholds(LAB, runs, relieved)[0]
    assert (first.check, first.starter, first.stopgap) == ("polite-tenants-served", 0.2, 0.7)
    assert (first.worst_accepted, first.best_rejected) == (1.0, 0.6)
    assert [first.holds(value) for value in (0.79, 0.8, 0.81)] == [False, True, True]


def test_a_calibration_is_read_as_it_was_written(lab: Lab) -> None:
    runs = [("sliding-window", results(burst_is_honoured=1.0)), ("starter", results(burst_is_honoured=0.1))]
    made = Calibration(measured="2026-11-23", machine="2 cores", runs=2, holds_for="x", threshold=thresholds(lab, runs))
    (lab.path / "calibration.toml").write_text(made.text())
    assert read_calibration(lab) == made


def test_a_lab_without_a_calibration_has_none(lab: Lab) -> None:
    (lab.path / "calibration.toml").unlink(missing_ok=True)
    assert read_calibration(lab) is None


def test_a_broken_calibration_is_an_error_with_its_file(lab: Lab) -> None:
    (lab.path / "calibration.toml").write_text("format = 2\n")
    with pytest.raises(ErError, match=r"calibration\.toml"):
        read_calibration(lab)


@pytest.mark.parametrize(
    ("file", "before", "after", "stale"),
    [
        ("lab.toml", "min = 0.8\n", "min = 0.7\n", True),
        ("lab.toml", "seconds = 8.3", "seconds = 9.3", True),
        ("lab.toml", "Probe tenants that were silent get", "Silent probe tenants get", False),
        ("lab.toml", "factor = 2.0", "factor = 3.0", True),
        ("lab.toml", "minutes = 80", "minutes = 81", False),
        ("lab.toml", 'harm = "requests', 'harm = "quotes', False),
        ("lab.toml", "harmed = '''\n", "harmed = '''\n0 * ", False),
        ("lab.toml", "[level]", '[[milestone]]\nsays = "Count them."\nchecks = ["answers-are-real"]\n\n[level]', False),
        ("locustfile.py", "range(17)", "range(18)", True),
        ("compose.yaml", "quotes]", "quotes, x]", True),
        ("patient/gateway.py", "Timeout(5,", "Timeout(6,", True),
        ("README.md", "# ", "## ", False),
    ],
)
def test_a_calibration_is_stale_only_after_changes_that_decide_figures(
    lab: Lab, file: str, before: str, after: str, *, stale: bool
) -> None:
    then = holds_for(lab)
    path = lab.path / file
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    assert (holds_for(Lab(lab.path)) != then) is stale
