"""The starter and the fixes that prove a lab."""

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import dropwhile
from pathlib import Path

from grader.base.errors import ErError
from grader.base.files import write_whole
from grader.course.course import Course, Lab
from grader.course.patch import Files, Patch, PatchError

STARTER = "starter"


def accepted(lab: Lab) -> dict[str, Path]:
    """Return the folder of each accepted fix by name."""
    return {path.name: path for path in sorted(lab.path.glob("fixes/accepted/*")) if path.is_dir()}


def rejected(lab: Lab) -> dict[str, Path]:
    """Return the patch of each rejected fix by name."""
    return {path.stem: path for path in sorted(lab.path.glob("fixes/rejected/*.patch"))}


def candidates(lab: Lab) -> list[str]:
    """Return the names of the starter, the accepted and the rejected fixes."""
    return [STARTER, *accepted(lab), *rejected(lab)]


def should_pass(lab: Lab, name: str) -> bool:
    """Tell whether the manifest promises that a candidate passes."""
    return not lab.manifest.expectation(name).fails


def chosen(labs: Sequence[Lab], names: Sequence[str]) -> list[tuple[Lab, str]]:
    """Return the candidates of these names, or all without a name.

    Raises ErError with the nearest name for one that none of the labs has.
    """
    known = [(lab, name) for lab in labs for name in candidates(lab)]
    for name in names:
        if name not in (names_known := [candidate for _, candidate in known]):
            (nearest,) = difflib.get_close_matches(name, names_known, n=1, cutoff=0.0)
            where = f"lab {labs[0].number} has" if len(labs) == 1 else "the labs have"
            raise ErError(f"{where} no fix `{name}`; the nearest is `{nearest}`", run="ls labs/*/fixes/*")
    return [pair for pair in known if not names or pair[1] in names]


def read_mistake(lab: Lab, name: str) -> Patch:
    """Return the patch of a rejected fix.

    Raises PatchError when it cannot be read.
    """
    with _located(lab, name):
        return Patch.parse(rejected(lab)[name].read_bytes().decode())


def candidate_files(lab: Lab, name: str) -> Files:
    """Return all edited files of a candidate.

    Raises PatchError for a patch that does not apply.
    """
    if name not in rejected(lab):
        return _whole(lab, accepted(lab).get(name))
    mistake = read_mistake(lab, name)
    with _located(lab, name):
        return mistake.applied(base_files(lab, mistake.base))


def base_files(lab: Lab, base: str) -> Files:
    """Return the files that a patch of this base changes.

    The comment at the beginning of an accepted fix's files is left out, because it says why that fix is right.
    """
    if base == STARTER:
        return _whole(lab, None)
    kind, _, name = base.partition("/")
    if kind != "accepted" or name not in accepted(lab):
        known = ", ".join(f"`{base}`" for base in bases(lab))
        raise PatchError(f"lab {lab.number} has no base `{base}`; it has {known}")
    return {file: without_reason(text) for file, text in _whole(lab, accepted(lab)[name]).items()}


def bases(lab: Lab) -> list[str]:
    """Return the bases that a lab's patches may have."""
    return [STARTER, *(f"accepted/{name}" for name in accepted(lab))]


def without_reason(text: str) -> str:
    """Return a file without the comment that it begins with."""
    return "".join(dropwhile(lambda line: line.startswith("#"), text.splitlines(keepends=True)))


def candidate_folder(course: Course, lab: Lab, name: str) -> Path:
    """Return a folder with a candidate's edited files.

    Raises ErError for an unknown name.
    """
    chosen([lab], [name])
    if name == STARTER:
        return lab.patient
    folder = course.state / "candidates" / lab.name / name
    for file, text in candidate_files(lab, name).items():
        write_whole(folder / file, text)
    return folder


@contextmanager
def _located(lab: Lab, name: str) -> Iterator[None]:
    """Name the patch in each PatchError that is raised inside."""
    try:
        yield
    except PatchError as error:
        raise PatchError(error.what, where=str(rejected(lab)[name]), run=f"./er lint {lab.number}") from error


def _whole(lab: Lab, fix: Path | None) -> Files:
    """Return all edited files of an accepted fix, or the starter's.

    A fix has only the files that it changes. The others come from the fix that it extends, or from the starter.
    """
    over = lab.manifest.expectation(fix.name).over if fix else None
    folders = [*([fix] if fix else []), *([accepted(lab)[over]] if over in accepted(lab) else []), lab.patient]
    found = {
        name: next((folder / name for folder in folders if (folder / name).is_file()), None)
        for name in lab.manifest.edit
    }
    return {name: path.read_bytes().decode() for name, path in found.items() if path}
