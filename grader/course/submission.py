"""The learner's own copy of a patient, and how it gets into containers: the edited files only, nothing else."""

import difflib
import os
import shutil
import stat
import subprocess
import time
from pathlib import Path

from grader.base.errors import ErError, LearnerError
from grader.base.files import write_whole
from grader.course.course import Course, Lab

LARGEST = 64 * 1024
"""The size in bytes that an edited file may have."""


def work_copy(course: Course, lab: Lab) -> Path:
    """Return where the learner's copy of a lab is, or will be."""
    return course.work / lab.name


def make_work_copy(course: Course, lab: Lab) -> bool:
    """Copy what is to be edited, unless it is there; tell whether a copy was made.

    A single file that is missing is not brought back: that is for `er reset`.
    """
    copy = work_copy(course, lab)
    if copy.exists():
        return False
    copy.mkdir(parents=True)
    for name in lab.manifest.edit:
        shutil.copyfile(lab.patient / name, copy / name)
    return True


def reset(course: Course, lab: Lab) -> Path | None:
    """Start the learner's copy over; return where the old one is kept, or None when there was none."""
    copy = work_copy(course, lab)
    backup = None
    if copy.exists():
        backup = course.state / "backups" / f"{lab.name}-{time.strftime('%Y%m%d-%H%M%S')}"
        backup.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(copy, backup)
    make_work_copy(course, lab)
    return backup


def diff(course: Course, lab: Lab) -> str:
    """Return the learner's changes against the starter, as a unified diff; empty when there are none."""
    return changes(lab, demand_work_copy(course, lab))


def changes(lab: Lab, source: Path) -> str:
    """Return a submission's changes against the starter, as a unified diff; what cannot be read is said instead."""
    chunks: list[str] = []
    for name, path in edited_files(lab, source).items():
        before = (lab.patient / name).read_text(encoding="utf-8").splitlines(keepends=True)
        try:
            after = read_edited(path, lab).decode().splitlines(keepends=True)
        except LearnerError as error:
            chunks.append(f"{error.what}\n")
        else:
            chunks += difflib.unified_diff(before, after, f"starter/{name}", f"work/{name}")
    return "".join(chunks)


def demand_work_copy(course: Course, lab: Lab) -> Path:
    """Return the learner's copy; raises ErError when it is not there."""
    copy = work_copy(course, lab)
    if not copy.is_dir():
        raise ErError(f"there is no work copy of lab {lab.number} at `{copy}`", run=f"make lab-{lab.number}")
    return copy


def submitted(source: Path, lab: Lab) -> Path:
    """Return where the edited files of a submission are: in it, in its folder of the lab's name, or in its `work/`."""
    inside = source.resolve()
    below = (inside / "work" / lab.name, inside / lab.name)
    # A link may not lead to somebody else's work.
    return next((folder for folder in below if folder.is_dir() and folder.resolve() == folder), source)


def edited_files(lab: Lab, source: Path) -> dict[str, Path]:
    """Return by name where the edited files of a submission are."""
    return {name: submitted(source, lab) / name for name in lab.manifest.edit}


def stage(lab: Lab, source: Path, target: Path) -> None:
    """Put the starter with the edited files of `source` over it into `target`, readable by the containers' user.

    Raises LearnerError for a file of the submission that is missing, is no regular file, is too large or is no text.
    """
    for path in lab.patient.iterdir():
        if path.is_file():
            write_whole(target / path.name, path.read_bytes())
    for name, path in edited_files(lab, source).items():
        write_whole(target / name, read_edited(path, lab))


def read_edited(path: Path, lab: Lab) -> bytes:
    """Return an edited file's content; raises LearnerError when it is not a text file of a sane size."""
    again = f"./er reset {lab.number}"
    try:
        # Neither a link nor a pipe that nobody writes to is waited for or followed.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        raise LearnerError(f"`{path}` is {'missing' if missing else 'not a regular file'}", run=again) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise LearnerError(f"`{path}` is not a regular file", run=again)
        if status.st_size > LARGEST:
            raise LearnerError(f"`{path}` has {status.st_size:,} bytes; {LARGEST:,} are allowed", run=again)
        content = os.read(descriptor, LARGEST)
    finally:
        os.close(descriptor)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LearnerError(f"`{path}` is not UTF-8 text: {error}", run=again) from error
    if not text.strip():
        raise LearnerError(f"`{path}` is empty", run=again)
    return content


def edited_starter(course: Course, lab: Lab) -> list[str]:
    """Return the files of the starter that were edited in place, by mistake, as far as git can tell."""
    command = ["git", "-C", str(course.root), "diff", "--name-only", "HEAD", "--", str(lab.patient)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return []
    return done.stdout.split("\n")[:-1] if done.returncode == 0 else []
