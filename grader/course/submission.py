"""The learner's own copy of a patient, and its way into containers."""

import difflib
import shutil
import subprocess
import time
from pathlib import Path

from grader.base.environment import own_environment
from grader.base.errors import ErError, LearnerError
from grader.base.files import write_whole
from grader.course.course import Course, Lab
from grader.course.delivery import read_submission


def work_copy(course: Course, lab: Lab) -> Path:
    """Return the folder of the learner's copy, which may not exist yet."""
    return course.work / lab.name


def make_work_copy(course: Course, lab: Lab) -> bool:
    """Make the learner's copy, and tell whether it was missing.

    A single missing file is not restored; `er reset` does that.
    """
    copy = work_copy(course, lab)
    if copy.exists():
        return False
    copy.mkdir(parents=True)
    for name in lab.manifest.edit:
        shutil.copyfile(lab.patient / name, copy / name)
    return True


def reset(course: Course, lab: Lab) -> Path | None:
    """Replace the learner's copy by a new one, and return the backup.

    None when there was no copy.
    """
    copy = work_copy(course, lab)
    backup = None
    if copy.exists():
        backup = course.state / "backups" / f"{lab.name}-{time.strftime('%Y%m%d-%H%M%S')}"
        backup.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(copy, backup)
    make_work_copy(course, lab)
    return backup


def diff(course: Course, lab: Lab) -> str:
    """Return the learner's changes to the starter as a unified diff."""
    return changes(lab, demand_work_copy(course, lab))


def changes(lab: Lab, source: Path) -> str:
    """Return a submission's changes to the starter as a unified diff.

    For a file that cannot be read, the reason follows instead.
    """
    chunks: list[str] = []
    submission = read_submission(lab, source)
    for name in lab.manifest.edit:
        before = (lab.patient / name).read_text(encoding="utf-8").splitlines(keepends=True)
        try:
            after = submission.content(name).decode().splitlines(keepends=True)
        except LearnerError as error:
            chunks.append(f"{error.what}\n")
        else:
            chunks += difflib.unified_diff(before, after, f"starter/{name}", f"work/{name}")
    return "".join(chunks)


def demand_work_copy(course: Course, lab: Lab) -> Path:
    """Return the learner's copy.

    Raises ErError when it does not exist.
    """
    copy = work_copy(course, lab)
    if not copy.is_dir():
        raise ErError(f"your copy of lab {lab.number} does not exist yet at `{copy}`", run=f"make lab-{lab.number}")
    return copy


def stage(lab: Lab, source: Path, target: Path) -> None:
    """Write the starter, overlaid with a submission's edited files, into `target`.

    The containers' user can read the result. Raises LearnerError for an edited file that is not a text file of at most
    LARGEST bytes.
    """
    submission = read_submission(lab, source)
    for path in lab.patient.iterdir():
        if path.is_file():
            write_whole(target / path.name, path.read_bytes())
    for name in lab.manifest.edit:
        write_whole(target / name, submission.content(name))


def edited_starter(course: Course, lab: Lab) -> list[str]:
    """Return the files of the starter that git sees as changed."""
    command = ["git", "-C", str(course.root), "diff", "--name-only", "HEAD", "--", str(lab.patient)]
    try:
        done = subprocess.run(command, env=own_environment(), capture_output=True, text=True, check=False, timeout=10)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return []
    return done.stdout.split("\n")[:-1] if done.returncode == 0 else []
