"""A learner's copy is never overwritten, and only edited files reach containers."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.base.errors import ErError, LearnerError
from grader.course import submission
from grader.course.course import Course, Lab
from grader.course.hints import next_hint, shown_hints


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A course of its own, with lab 03 alone."""
    monkeypatch.setenv("ER_WORK", str(tmp_path / "work"))
    shutil.copytree(Course.here().lab("03").path, tmp_path / "labs" / "03-rate-limiting")
    return Course(tmp_path, tmp_path / "work")


@pytest.fixture
def lab(course: Course) -> Lab:
    return course.lab("03")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "staged").mkdir()
    return tmp_path / "staged"


def mine(course: Course) -> Path:
    return course.work / "03-rate-limiting" / "gateway.py"


def test_the_copy_is_made_once_and_then_left_alone(course: Course, lab: Lab) -> None:
    assert submission.make_work_copy(course, lab)
    assert mine(course).read_bytes() == (lab.patient / "gateway.py").read_bytes()
    mine(course).write_text("# mine\n")
    assert not submission.make_work_copy(course, lab)
    assert mine(course).read_text() == "# mine\n"


def test_a_reset_keeps_the_old_copy(course: Course, lab: Lab) -> None:
    submission.make_work_copy(course, lab)
    mine(course).write_text("# mine\n")
    backup = submission.reset(course, lab)
    assert backup is not None
    assert (backup / "gateway.py").read_text() == "# mine\n"
    assert submission.diff(course, lab) == ""


def test_a_diff_shows_the_changes(course: Course, lab: Lab) -> None:
    submission.make_work_copy(course, lab)
    with mine(course).open("a") as file:
        file.write("# mine\n")
    assert "+# mine\n" in submission.diff(course, lab)


def test_a_missing_copy_is_an_error_with_the_command_that_makes_it(course: Course, lab: Lab) -> None:
    with pytest.raises(ErError, match="make lab-03"):
        submission.demand_work_copy(course, lab)


def test_only_the_edited_files_of_a_submission_are_taken(course: Course, lab: Lab, target: Path) -> None:
    submission.make_work_copy(course, lab)
    mine(course).write_text("# mine\n")
    mine(course).with_name("sitecustomize.py").write_text("raise SystemExit\n")
    submission.stage(lab, mine(course).parent, target)
    assert (target / "gateway.py").read_text() == "# mine\n"
    assert [path.name for path in target.iterdir()] == ["gateway.py"]


def test_a_submission_may_be_the_folder_around_the_work_copy(course: Course, lab: Lab, target: Path) -> None:
    submission.make_work_copy(course, lab)
    submission.stage(lab, course.work, target)
    assert (target / "gateway.py").exists()


def test_the_containers_user_can_read_staged_files(course: Course, lab: Lab, target: Path) -> None:
    submission.make_work_copy(course, lab)
    mine(course).chmod(0o600)
    submission.stage(lab, mine(course).parent, target)
    assert (target / "gateway.py").stat().st_mode & 0o777 == 0o644


def link_elsewhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe_instead(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (Path.unlink, "is missing"),
        (lambda path: path.write_text(""), "is empty"),
        (lambda path: path.write_text("\n \n"), "is empty"),
        (lambda path: path.write_bytes(b"\xfa\xfe"), "is not UTF-8"),
        (lambda path: path.write_text("#" * 70_000), "more than 65,536 bytes"),
        (link_elsewhere, "not a regular file"),
        (folder_instead, "not a regular file"),
        (pipe_instead, "not a regular file"),
    ],
)
def test_an_edited_file_that_cannot_be_read_is_the_learners_error(
    course: Course, lab: Lab, target: Path, spoil: Callable[[Path], object], said: str
) -> None:
    submission.make_work_copy(course, lab)
    spoil(mine(course))
    with pytest.raises(LearnerError, match=said) as caught:
        submission.stage(lab, mine(course).parent, target)
    assert "./er reset 03" in str(caught.value)


@pytest.mark.parametrize("wanted", ["3", "03", "03-rate-limiting", "rate-limiting"])
def test_a_lab_is_found_by_number_name_and_slug(course: Course, wanted: str) -> None:
    assert course.lab(wanted).name == "03-rate-limiting"


def test_an_unknown_lab_is_an_error_with_the_known_ones(course: Course) -> None:
    with pytest.raises(ErError, match="the course has no lab `99`; it has `03`"):
        course.lab("99")


def test_hints_come_one_at_a_time_and_end(course: Course, lab: Lab) -> None:
    assert shown_hints(course, lab) == []
    seen = [next_hint(course, lab) for _ in range(3)]
    assert len(set(seen)) == 3
    assert shown_hints(course, lab) == seen
    with pytest.raises(ErError, match="no more hints"):
        next_hint(course, lab)
