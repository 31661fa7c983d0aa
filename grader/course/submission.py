"""The learner's own copy of a patient, and its way into containers."""

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
"""The largest edited file, in bytes."""


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
    """Return the learner's copy.

    Raises ErError when it does not exist.
    """
    copy = work_copy(course, lab)
    if not copy.is_dir():
        raise ErError(f"your copy of lab {lab.number} does not exist yet at `{copy}`", run=f"make lab-{lab.number}")
    return copy


def submitted(source: Path, lab: Lab) -> Path:
    """Return the folder of a submission's edited files.

    This is the submission itself, or a folder of the lab's name in it or in its `work/`.
    """
    inside = source.resolve()
    below = (inside / "work" / lab.name, inside / lab.name)
    # A link must not lead to another learner's work.
    return next((folder for folder in below if folder.is_dir() and folder.resolve() == folder), source)


def edited_files(lab: Lab, source: Path) -> dict[str, Path]:
    """Return the paths of a submission's edited files by name."""
    return {name: submitted(source, lab) / name for name in lab.manifest.edit}


def stage(lab: Lab, source: Path, target: Path) -> None:
    """Write the starter, overlaid with the edited files of `source`, into `target`.

    The containers' user can read the result. Raises LearnerError for an edited file that is not a text file of at most
    LARGEST bytes.
    """
    for path in lab.patient.iterdir():
        if path.is_file():
            write_whole(target / path.name, path.read_bytes())
    for name, path in edited_files(lab, source).items():
        write_whole(target / name, read_edited(path, lab))


def read_edited(path: Path, lab: Lab) -> bytes:
    """Return an edited file's content.

    Raises LearnerError when it is not a text file of at most LARGEST bytes.
    """
    again = f"./er reset {lab.number}"
    try:
        # A link is not followed, and a pipe without a writer is not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        raise LearnerError(f"`{path}` is {'missing' if missing else 'not a regular file'}", run=again) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise LearnerError(f"`{path}` is not a regular file", run=again)
        if status.st_size > LARGEST:
            raise LearnerError(f"`{path}` has {status.st_size:,} bytes; at most {LARGEST:,} are allowed", run=again)
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
    """Return the files of the starter that git sees as changed."""
    command = ["git", "-C", str(course.root), "diff", "--name-only", "HEAD", "--", str(lab.patient)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return []
    return done.stdout.split("\n")[:-1] if done.returncode == 0 else []
