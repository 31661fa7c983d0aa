"""A grade of each outcome: its exit code and its output."""

import itertools

import pytest
from outcomes import NUMBERS, OUTCOMES, Er, Golden

from grader.course.course import Course
from grader.course.fixes import STARTER
from grader.course.patch import Patch, diff
from grader.evidence import host_cpu
from grader.evidence.checks import State
from grader.evidence.host_cpu import CpuTimes
from grader.grading.batch import read_results
from grader.grading.results import Results, Verdict


def graded(course: Course, er: Er, name: str) -> tuple[tuple[int, str], Results]:
    patient = course.lab(NUMBERS[name]).patient
    out = course.root / "out"
    printed = er("grade", NUMBERS[name], "--submission", str(patient), "--seed", "7", "--out", str(out))
    results = read_results(out)
    assert results is not None, printed
    return printed, results


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_grade_ends_and_prints_as_recorded(name: str, course: Course, er: Er, golden: Golden) -> None:
    printed, results = graded(course, er, name)
    expected = OUTCOMES[name]
    assert printed[0] == expected["exit"] == results.verdict.exit_code, printed[1]
    assert len(results.attempts) == expected.get("attempts", 1)
    assert (results.level.name if results.level else None) == expected.get("level")
    golden(f"grade-{name}", printed)
    for file in ("results.json", "junit.xml", "report.html"):
        assert (course.root / "out" / file).exists()


def test_a_patient_that_does_not_serve_beside_much_other_work_plays_on(
    course: Course, er: Er, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = itertools.count()
    monkeypatch.setattr(host_cpu, "read_cpu_times", lambda *_: CpuTimes(total=next(times), idle=0, own={}))
    # The checks of this fake lab hold, so only an early end could fail it.
    (code, printed), results = graded(course, er, "does-not-serve-before-the-incident")
    assert (code, results.verdict, len(results.attempts)) == (0, Verdict.PASSED, 1), printed


def test_a_fix_of_the_lab_is_graded_by_its_name(course: Course, er: Er) -> None:
    lab = course.lab(NUMBERS["passes-good"])
    patch = Patch("It looks right.", STARTER, diff({"app.py": "x = 1\n"}, {"app.py": "x = 2\n"}))
    (lab.patient / "app.py").write_text("x = 1\n")
    (lab.path / "fixes" / "rejected").mkdir(parents=True)
    (lab.path / "fixes" / "rejected" / "mistake.patch").write_text(patch.text)
    for name, change in ((STARTER, ""), ("mistake", "-x = 1\n+x = 2\n")):
        code, said = er("grade", lab.number, "--fix", name, "--out", str(course.root / name))
        results = read_results(course.root / name)
        assert (code, results is not None) == (0, True), said
        assert results is not None
        assert results.diff.endswith(change)


def test_what_needs_no_engine_is_said_without_it(course: Course, er: Er, monkeypatch: pytest.MonkeyPatch) -> None:
    for needed in ("grader.engine.provision.set_up", "grader.grading.slots.slot"):
        monkeypatch.setattr(needed, lambda *_: pytest.fail("it is not needed"))
    (course.root / "mine").mkdir()
    code, said = er("grade", "01", "--submission", str(course.root / "mine"))
    assert (code, "`COURSE/mine/app.py` is missing" in said) == (1, True), said


def test_a_syntax_error_waits_for_no_slot(course: Course, er: Er, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.grading.slots.slot", lambda *_: pytest.fail("it is not needed"))
    monkeypatch.setattr("grader.grading.preflight.docker", lambda *_, **__: "SyntaxError: invalid syntax\n")
    lab = course.lab("01")
    (lab.path / "compose.yaml").write_text("services: { app: { command: [python, -m, kit.patient, 'app:app'] } }\n")
    (lab.patient / "app.py").write_text("def (\n")
    code, said = er("grade", "01", "--fix", STARTER)
    assert (code, "`app` ended with exit code 1:\n│ SyntaxError: invalid syntax\n" in said) == (1, True), said


def test_a_workflow_gets_annotations_and_outputs(course: Course, er: Er, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(course.root / "outputs"))
    (_, said), _ = graded(course, er, "fails-one-check")
    title = "Pattern ER 04-fails-one-check%3A failed%2C visitors-served"
    assert f"\n::error title={title}::While inventory is slow, visitors are served.\n" in said
    assert (course.root / "outputs").read_text() == "passed=false\nlevel=\nscore=0\n"


def test_every_grade_leaves_its_runs_folder_empty(course: Course, er: Er) -> None:
    for name in ("passes-good", "does-not-start", "without-prometheus"):
        graded(course, er, name)
    assert not [path for path in course.runs.glob("*") if path.suffix == ".lock"]


def test_a_check_behind_an_early_stop_is_not_reached(course: Course, er: Er) -> None:
    path = course.lab(NUMBERS["fails-one-check"]).path / "lab.toml"
    path.write_text(path.read_text().replace('phase = ["fault"]', 'phase = ["steady"]', 1))
    _, results = graded(course, er, "fails-one-check")
    states = {check.name: check.state for check in results.checks}
    # An exact check that holds may still fail later; other checks of the whole run need the whole run.
    assert states == {
        "visitors-served": State.FAILS,
        "inventory-spared": State.NOT_REACHED,
        "nothing-sold-twice": State.NOT_REACHED,
    }
