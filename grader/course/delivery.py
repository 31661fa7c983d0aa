"""Submissions as learners and course platforms deliver them.

The edited files may lie in a folder or a zip file, deeper than expected, under a name that a browser changed, or in an
encoding of an editor. What is unusual is taken where it is safe, and always noted. Nothing else is read.
"""

import codecs
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from grader.base.errors import LearnerError
from grader.course.course import Course, Lab

LARGEST = 64 * 1024
"""The largest edited file, in bytes."""

DEEPEST = 4
MOST_FOLDERS = 500
"""How far below a submission edited files are looked for."""

COPIED = re.compile(r"( ?\(\d+\)|[ _-]copy|-\d+)$", re.IGNORECASE)
"""What browsers and file managers add to the name of a file that is there already."""

Read = Callable[[], bytes]
"""Returns at most LARGEST + 1 bytes of a file, or raises LearnerError."""

Place = Mapping[str, Read]
"""The files of one folder by name."""


@dataclass(frozen=True)
class Submission:
    """The edited files of a submission, each with its content or why it is refused, and notes on what is unusual."""

    files: Mapping[str, bytes | LearnerError]
    notes: list[str] = field(default_factory=list)

    def content(self, name: str) -> bytes:
        """Return an edited file as UTF-8 with LF; raises LearnerError when it is refused."""
        content = self.files[name]
        if isinstance(content, LearnerError):
            raise content
        return content


def read_submission(lab: Lab, source: Path) -> Submission:
    """Read a lab's edited files from a folder or a zip file."""
    notes: list[str] = []
    files: dict[str, bytes | LearnerError] = {}
    try:
        where, place = _place(lab, source)
    except LearnerError as error:
        return Submission(dict.fromkeys(lab.manifest.edit, error))
    if where.parts and where not in _usual(lab):
        notes.append(f"the files are taken from `{where}` in the submission")
    for name in lab.manifest.edit:
        shown = str(where / name) if where.parts else name
        try:
            found = _demanded(name, place, source / shown)
            if found != name:
                notes.append(f"`{found}` is taken as `{name}`")
            files[name] = _text(place[found](), f"{source / where / found}", name, notes)
        except LearnerError as error:
            error.run = error.run or _look_at(lab, source)
            files[name] = error
    return Submission(files, notes)


def _look_at(lab: Lab, source: Path) -> str:
    """Return the command that helps: one's own copy can be made again, and other submissions can be looked at."""
    own = source.resolve() == Course.here().work / lab.name
    return f"./er reset {lab.number}" if own else f"ls -la '{source}'"


def _usual(lab: Lab) -> list[PurePosixPath]:
    """Return the folders within a submission in which edited files may lie without a note."""
    return [PurePosixPath("work", lab.name), PurePosixPath(lab.name), PurePosixPath()]


def _place(lab: Lab, source: Path) -> tuple[PurePosixPath, Place]:
    """Return the folder of the edited files within a submission, and its files.

    Raises LearnerError when several folders have some.
    """
    places = dict(_in_zip(source) if source.is_file() else _in_folder(source))
    having = [where for where, place in places.items() if any(_found(name, place) for name in lab.manifest.edit)]
    for where in (*_usual(lab), *(having if len(having) == 1 else ())):
        if where in having:
            return where, places[where]
    if having:
        found = ", ".join(f"`{where}`" for where in sorted(having))
        raise LearnerError(f"several folders in `{source}` have edited files: {found}", run=f"ls -R '{source}'")
    return PurePosixPath(), places.get(PurePosixPath(), {})


def _found(name: str, place: Place) -> str | None:
    """Return the file that stands for an edited file: of that name, or the only copy of it."""
    if name in place:
        return name
    wanted = PurePosixPath(name)
    copies = [
        other
        for other in place
        if PurePosixPath(other).suffix == wanted.suffix and COPIED.sub("", PurePosixPath(other).stem) == wanted.stem
    ]
    return copies[0] if len(copies) == 1 else None


def _demanded(name: str, place: Place, shown: Path) -> str:
    found = _found(name, place)
    if found is None:
        raise LearnerError(f"`{shown}` is missing")
    return found


def _in_folder(source: Path) -> Iterator[tuple[PurePosixPath, Place]]:
    """Yield the folders of a submission, without links, hidden ones and those of a file manager."""
    for number, (folder, below, names) in enumerate(os.walk(source)):
        where = PurePosixPath(Path(folder).relative_to(source))
        below[:] = sorted(name for name in below if _plain(name)) if len(where.parts) < DEEPEST else []
        yield where, {name: _reader(Path(folder, name)) for name in [*names, *below] if _plain(name)}
        if number >= MOST_FOLDERS:
            return


def _reader(path: Path) -> Read:
    return lambda: _regular(path)


def _regular(path: Path) -> bytes:
    try:
        # A link is not followed, and a pipe without a writer is not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if isinstance(error, PermissionError):
            raise LearnerError(f"`{path}` may not be read by you") from error
        raise LearnerError(f"`{path}` is not a regular file") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise LearnerError(f"`{path}` is not a regular file")
        return os.read(descriptor, LARGEST + 1)
    finally:
        os.close(descriptor)


def _in_zip(source: Path) -> Iterator[tuple[PurePosixPath, Place]]:
    """Yield the folders of a zip file.

    Nothing is unpacked to disk, and of each file at most LARGEST bytes are unpacked.
    """
    places: dict[PurePosixPath, dict[str, Read]] = {}
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise LearnerError(f"`{source}` is neither a folder nor a zip file: {error}") from error
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        link = stat.S_ISLNK(entry.external_attr >> 16)
        if (
            entry.is_dir()
            or link
            or ".." in path.parts
            or not all(map(_plain, path.parts))
            or len(path.parts) > DEEPEST + 1
        ):
            continue
        places.setdefault(path.parent, {})[path.name] = _unpacker(source, entry)
    yield from places.items()


def _unpacker(source: Path, entry: zipfile.ZipInfo) -> Read:
    def unpack() -> bytes:
        try:
            with zipfile.ZipFile(source) as archive, archive.open(entry) as file:
                return file.read(LARGEST + 1)
        except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise LearnerError(f"`{entry.filename}` in `{source}` cannot be unpacked: {error}") from error

    return unpack


def _plain(name: str) -> bool:
    """Tell whether a name is not one that only file managers make."""
    return not name.startswith(".") and name not in ("__MACOSX", "__pycache__")


def _text(content: bytes, where: str, name: str, notes: list[str]) -> bytes:
    """Return a file's text as UTF-8 with LF; raises LearnerError when it is not a text."""
    if len(content) > LARGEST:
        raise LearnerError(f"`{where}` has more than {LARGEST:,} bytes, which is the most that is allowed")
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise LearnerError(f"`{where}` is not UTF-8 text: {error}") from error
    if encoding == "utf-16":
        notes.append(f"`{name}` is UTF-16 and is taken as UTF-8")
    if not text.strip():
        raise LearnerError(f"`{where}` is empty")
    return text.replace("\r\n", "\n").replace("\r", "\n").encode()
