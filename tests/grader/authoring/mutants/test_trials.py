"""The trial of mutants, with grades that a test decides."""

import io
import json
import math
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from fake_crew import FakeCrew, results_of
from own_mutants import forget_mutants
from rich.console import Console

from grader.authoring.mutants import trial_table
from grader.authoring.mutants.mutant import Mutant, mutants
from grader.authoring.mutants.trial import Fate, MutantTrials, Trial, share_killed
from grader.cli import er
from grader.course.course import Course
from grader.engine import provision
from grader.evidence.checks import State
from grader.grading import batch
from grader.grading.batch import Job
from grader.grading.results import Results, Verdict

HERE = Course.here()


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course of lab 03 alone."""
    name = HERE.lab("03").name
    forget_mutants(Path(shutil.copytree(HERE.root / "labs" / name, tmp_path / "labs" / name)))
    return Course(tmp_path, tmp_path / "work")


class Judge(FakeCrew):
    """Each mutant fails unless a test says otherwise."""

    def results(self, job: Job, verdict: Verdict | None) -> Results:
        verdict = verdict or Verdict.FAILED
        state = State.FAILS if verdict is Verdict.FAILED else State.HOLDS
        return results_of(job.lab, verdict, {"answers-are-real": state}, "exact")


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    judge = Judge()
    monkeypatch.setattr(batch, "Crew", judge)
    return judge


def found(course: Course, number: int = 6) -> list[Mutant]:
    return mutants(course.lab("03"))[:number]


def tried(course: Course, wanted: Sequence[Mutant], *, resume: bool = False) -> list[Trial]:
    return MutantTrials(course, 3, lambda *_: None, resume=resume).run(wanted)


def declare(course: Course, mutant: Mutant, why: str) -> None:
    with (course.lab("03").path / "lab.toml").open("a") as manifest:
        manifest.write(f'\n[mutants]\n"{mutant.full_name}" = "{why}"\n')


def printed(course: Course, wanted: Sequence[Mutant], until: float = math.inf) -> tuple[int, str]:
    output = io.StringIO()
    trials = MutantTrials(course, 1, lambda *_: None, until=until)
    code = trial_table.try_mutants(Console(file=output, width=120), trials, wanted, course.root / "mutants.json")
    return code, output.getvalue()


def entries(course: Course) -> list[dict[str, object]]:
    text = (course.root / "mutants.json").read_text()
    read = json.loads(text)
    assert len(text.splitlines()) == len(read) + 2
    assert isinstance(read, list)
    return read


def test_each_mutant_is_graded_once_in_a_quick_play_of_its_files(course: Course, judge: Judge) -> None:
    wanted = found(course)
    trials = tried(course, wanted)
    assert judge.graded == [mutant.full_name for mutant in wanted]
    assert [trial.mutant for trial in trials] == wanted
    assert all(trial.fate is Fate.KILLED for trial in trials)
    for mutant, job in zip(wanted, judge.jobs, strict=True):
        assert not job.thorough
        assert {path.name: path.read_text() for path in job.submission.iterdir()} == mutant.files


def test_a_mutant_that_could_not_be_judged_is_played_once_more_alone(course: Course, judge: Judge) -> None:
    first, second, *_ = wanted = found(course)
    judge.verdicts = {
        first.full_name: [Verdict.INCONCLUSIVE, Verdict.PASSED],
        second.full_name: [Verdict.ERROR, Verdict.INCONCLUSIVE],
    }
    trials = tried(course, wanted)
    assert judge.rounds == [3, 1]
    assert judge.graded[-2:] == [first.full_name, second.full_name]
    assert [trial.fate for trial in trials[:3]] == [Fate.SURVIVED, Fate.UNJUDGED, Fate.KILLED]


def test_resuming_keeps_verdicts_and_plays_what_was_not_judged(course: Course, judge: Judge) -> None:
    first, second, *_ = wanted = found(course)
    judge.verdicts = {
        first.full_name: [Verdict.PASSED],
        second.full_name: [Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE],
    }
    before = tried(course, wanted[:4])
    judge.graded.clear()
    trials = tried(course, wanted, resume=True)
    assert judge.graded == [second.full_name, *(mutant.full_name for mutant in wanted[4:])]
    assert [trial.earlier for trial in trials] == [True, False, True, True, False, False]
    assert trials[0].fate is before[0].fate is Fate.SURVIVED
    assert trials[0].job.seed == 1


@pytest.mark.parametrize(
    ("file", "before", "after", "again"),
    [
        ("lab.toml", "min = 0.6", "min = 0.7", True),
        ("lab.toml", "seconds = 8.3", "seconds = 8.4", True),
        ("locustfile.py", "range(17)", "range(18)", True),
        ("locustfile.py", "SYMBOLS = ", "# Some.\nSYMBOLS = ", False),
        ("lab.toml", "events = 540", "events = 541", False),
        ("README.md", "#", "# More:", False),
        ("fixes/rejected/plain-503.patch", "It tempts", "It surely tempts", False),
    ],
)
def test_resuming_plays_again_what_a_change_of_the_lab_may_decide_otherwise(  # noqa: PLR0913 # the columns of the table
    course: Course, judge: Judge, file: str, before: str, after: str, *, again: bool
) -> None:
    tried(course, found(course))
    judge.graded.clear()
    path = course.lab("03").path / file
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after, 1))
    tried(course, found(course), resume=True)
    assert bool(judge.graded) is again


def test_resuming_plays_a_mutant_again_when_its_code_has_changed(course: Course, judge: Judge) -> None:
    tried(course, found(course))
    judge.graded.clear()
    shutil.rmtree(course.lab("03").path / "fixes" / "rejected")
    path = course.lab("03").path / "fixes" / "accepted" / "sliding-window" / "gateway.py"
    path.write_text(path.read_text().replace("return Response(status_code=503)", 'return Response("", 503)'))
    tried(course, found(course), resume=True)
    assert judge.graded == [mutant.full_name for mutant in found(course)]


def test_survivors_are_listed_with_their_change_and_the_command_that_plays_them(course: Course, judge: Judge) -> None:
    hole, *_ = wanted = found(course)
    judge.verdicts = {hole.full_name: [Verdict.PASSED]}
    code, output = printed(course, wanted)
    assert code == 1
    assert f"03 {hole.full_name}  {hole.operator.mistake}\n    {hole.diff()[0]}\n" in output
    submission = course.state / "mutants" / hole.lab.name / hole.base / hole.name
    assert f"    ./er grade 03 --submission {submission}\n" in output
    assert "5 of 6 mutants that are not equivalent are killed: 83%" in output
    assert [entry["fate"] for entry in entries(course)] == ["survived", *["killed"] * 5]
    assert entries(course)[1]["failed"] == ["answers-are-real"]


def test_a_survivor_that_the_manifest_explains_is_no_hole(course: Course, judge: Judge) -> None:
    declare(course, found(course)[0], "equivalent: it does the same")
    first, *_ = wanted = found(course)
    judge.verdicts = {first.full_name: [Verdict.PASSED]}
    code, output = printed(course, wanted)
    assert code == 0
    assert "./er grade" not in output
    assert "5 of 5 mutants that are not equivalent are killed: 100%" in output
    assert entries(course)[0]["declared"] == "equivalent: it does the same"


def test_what_is_outside_the_contract_counts_among_the_survivors(course: Course, judge: Judge) -> None:
    declare(course, found(course)[0], "outside: nobody promised it")
    first, *_ = wanted = found(course)
    judge.verdicts = {first.full_name: [Verdict.PASSED]}
    code, output = printed(course, wanted)
    assert code == 0
    assert "5 of 6 mutants that are not equivalent are killed: 83%" in output
    assert share_killed(tried(course, wanted)) == (6, 6)


def test_a_mutant_that_is_killed_is_not_equivalent(course: Course, judge: Judge) -> None:
    declare(course, found(course)[0], "equivalent: it does the same")
    assert not judge.graded
    first, *_ = wanted = found(course)
    code, output = printed(course, wanted)
    assert code == 1
    assert (
        f"{first.full_name} is killed (answers-are-real), but the manifest says: equivalent: it does the same" in output
    )


def test_what_does_not_begin_in_time_is_listed_and_changes_no_exit_code(course: Course, judge: Judge) -> None:
    judge.room = 2
    code, output = printed(course, found(course), until=12.5)
    assert code == 0
    assert judge.until == 12.5
    assert "The time is up, and 4 mutants are left. The same call with --resume plays them." in output
    assert [entry["fate"] for entry in entries(course)] == ["killed", "killed", *["not played"] * 4]


def test_without_a_verdict_the_exit_code_is_2(course: Course, judge: Judge) -> None:
    first, *_ = wanted = found(course)
    judge.verdicts = {first.full_name: [Verdict.ERROR, Verdict.ERROR]}
    code, output = printed(course, wanted)
    assert code == 2
    assert "5 of 5 mutants" in output


def run(course: Course, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    monkeypatch.setenv("ER_COURSE", str(course.root))
    monkeypatch.setattr(provision, "set_up", lambda *_: {})
    result = CliRunner().invoke(er, ["mutate", *words], catch_exceptions=False)
    return result.exit_code, result.output


def test_the_command_lists_mutants_without_a_play(
    course: Course, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, output = run(course, monkeypatch, "03", "--list")
    whole = mutants(course.lab("03"))
    assert code == 0
    assert judge.graded == []
    assert all(mutant.full_name in output for mutant in whole)
    assert output.endswith(f"{len(whole)} mutants\n")


def test_the_command_plays_the_mutants_that_are_named(
    course: Course, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant = found(course)[3]
    code, output = run(
        course, monkeypatch, "03", "--mutant", mutant.full_name, "--json", str(course.root / "mutants.json")
    )
    assert code == 0
    assert judge.graded == [mutant.full_name]
    assert f"  1 of 1  03 {mutant.full_name}  20 s  killed  answers-are-real\n" in output
    assert [entry["mutant"] for entry in entries(course)] == judge.graded


def test_the_command_plays_the_last_survivors_again(
    course: Course, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *_ = wanted = found(course)
    judge.verdicts = {first.full_name: [Verdict.PASSED, Verdict.FAILED], second.full_name: [Verdict.PASSED] * 2}
    tried(course, wanted)
    judge.graded.clear()
    code, output = run(course, monkeypatch, "03", "--survivors")
    assert (code, judge.graded) == (1, [first.full_name, second.full_name])
    judge.graded.clear()
    run(course, monkeypatch, "03", "--survivors")
    assert judge.graded == [second.full_name]
    assert f"03 {second.full_name}  {second.operator.mistake}" in output


def test_the_command_plays_a_sample_whose_seed_it_prints(
    course: Course, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, output = run(course, monkeypatch, "03", "--most", "4", "--seed", "11")
    assert "a sample of 4 mutants; --seed 11 draws it again" in output
    first, judge.graded = judge.graded, []
    run(course, monkeypatch, "03", "--most", "4", "--seed", "11")
    assert judge.graded == first
    assert len(first) == 4
