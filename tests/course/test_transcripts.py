"""All other commands on the fake course: their exit codes and output."""

import shutil

import pytest
from outcomes import NUMBERS, OUTCOMES, Er, Golden
from stack import FakeProject, Script, Services, serving

from grader.course.course import Course
from grader.live import session


@pytest.fixture
def copy(course: Course) -> None:
    """A work copy of lab 01, with one change."""
    lab = course.lab("01")
    shutil.copytree(lab.patient, course.work / lab.name)
    (course.work / lab.name / "app.py").write_text('"""The patient, mended."""\n')


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no-such-lab", ["grade", "42"]),
        ("no-such-command", ["grad", "01"]),
        ("no-such-option", ["grade", "01", "--sed", "7"]),
        ("bad-seed", ["grade", "01", "--seed", "x"]),
        ("help", ["--help"]),
        ("grade-help", ["grade", "--help"]),
        ("list", ["list"]),
        ("triage", ["triage"]),
        ("triage-symptom", ["triage", "--symptom", "cascade-failures"]),
        ("triage-nearest", ["triage", "--symptom", "high-latensy"]),
        ("grade-without-work", ["grade", "01"]),
        ("grade-no-submission", ["grade", "01", "--submission", "/nowhere"]),
        ("grade-no-such-fix", ["grade", "01", "--fix", "start"]),
        ("grade-two-sources", ["grade", "01", "--fix", "starter", "--submission", "/nowhere"]),
        ("fix-no-such-fix", ["fix", "01", "start"]),
        ("fix-no-folder", ["fix", "01", "mistake", "--from", "/nowhere"]),
        ("diff-without-work", ["diff", "01"]),
        ("reset-without-work", ["reset", "01"]),
        ("break-not-live", ["break", "01"]),
        ("stop-not-live", ["stop", "01"]),
        ("traces-not-live", ["traces", "01"]),
        ("verify-bad-shard", ["verify", "--shard", "5/4"]),
        ("class-no-folder", ["grade", "01", "--class", "/nowhere"]),
        ("new-taken", ["new", "01", "sharding"]),
        ("new-no-name", ["new", "77", "Not A Name"]),
    ],
)
def test_a_command_prints_as_recorded(name: str, words: list[str], er: Er, golden: Golden) -> None:
    golden(name, er(*words))


@pytest.mark.usefixtures("copy")
def test_reset_keeps_a_backup_of_the_work(course: Course, er: Er, golden: Golden) -> None:
    golden("diff", er("diff", "01"))
    golden("reset", er("reset", "01"))
    golden("diff-none", er("diff", "01"))
    kept = list((course.state / "backups").glob("*/app.py"))
    assert [path.read_text() for path in kept] == ['"""The patient, mended."""\n']


def test_hints_come_one_at_a_time_and_end(er: Er, golden: Golden) -> None:
    for number in (1, 2, 3, 4):
        golden(f"hint-{number}", er("hint", "01"))
    golden("hint-again", er("hint", "01", "--again"))


def test_a_broken_manifest_is_one_clear_error(course: Course, er: Er, golden: Golden) -> None:
    path = course.lab("01").path / "lab.toml"
    path.write_text(path.read_text().replace("minutes = 5", "minuts = 5"))
    golden("broken-manifest", er("start", "01"))


def test_faults_by_hand_are_listed_injected_and_healed(
    course: Course, er: Er, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = FakeProject(course.lab("01"), "er-01-00000000", course.runs / "x", {})
    project.prepare()
    with serving(Services(project.script)) as project.port:
        monkeypatch.setattr(session, "live_project", lambda *_: project)
        golden("break-menu", er("break", "01"))
        golden("break", er("break", "01", "inventory", "slow", "seconds=2", "--for", "10s"))
        golden("break-menu-broken", er("break", "01"))
        golden("break-no-service", er("break", "01", "payments", "slow"))
        golden("break-no-value", er("break", "01", "inventory", "slow", "seconds"))
        golden("break-no-time", er("break", "01", "inventory", "slow", "--for", "soon"))
        golden("break-refused", er("break", "01", "inventory", "no-such"))
        golden("heal", er("heal", "01"))


def test_a_start_without_a_terminal_plays_once_and_prints_next_steps(
    course: Course, er: Er, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Services(FakeProject.script)) as FakeProject.port:
        monkeypatch.setattr("grader.live.session.Project", FakeProject)
        monkeypatch.setattr("grader.live.screen.Lines.vitals", lambda *_: None)
        golden("start", er("start", "01"))
    assert (course.work / "01-passes-good" / "app.py").exists()


@pytest.mark.parametrize("name", ["fails-two-checks", "on-a-busy-host"])
def test_a_start_shows_the_checks_that_fail_and_a_busy_host(
    name: str, course: Course, er: Er, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    del course
    monkeypatch.setattr(session, "VITALS_SECONDS", 0.0)
    monkeypatch.setattr(session, "LATELY_SECONDS", 0)
    with serving(Services(Script(OUTCOMES[name]))) as FakeProject.port:
        monkeypatch.setattr("grader.live.session.Project", FakeProject)
        golden(f"start-{name}", er("start", NUMBERS[name]))
