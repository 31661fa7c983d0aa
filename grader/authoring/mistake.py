"""A rejected fix between its two forms: whole files to read and edit, and the patch that a lab keeps."""

import re
from pathlib import Path

from grader.base.errors import ErError
from grader.base.files import write_whole
from grader.course.course import Lab
from grader.course.fixes import (
    STARTER,
    accepted,
    base_files,
    bases,
    candidate_files,
    chosen,
    read_mistake,
    rejected,
    without_reason,
)
from grader.course.patch import Files, Patch, PatchError, diff

LEFT_OVER = ".rej"
"""The end of the name of a file with hunks that fit nowhere in the base."""


def write_out(lab: Lab, name: str, folder: Path) -> list[Path]:
    """Write a candidate's whole files into a folder; return the files with hunks that did not fit.

    Raises ErError when a file is there already with other content: it may hold edits.
    """
    chosen([lab], [name])
    try:
        files = candidate_files(lab, name)
    except PatchError:
        mistake = read_mistake(lab, name)
        files = mistake.applied_in_part(base_files(lab, mistake.base))
    for file, text in files.items():
        path = folder / file
        if path.exists() and path.read_bytes() != text.encode():
            raise ErError(f"`{path}` exists and differs", run=f"./er fix {lab.number} {name} --to ANOTHER_DIR")
    for file, text in files.items():
        write_whole(folder / file, text)
    return [folder / file for file in files if file.endswith(LEFT_OVER)]


def make_patch(lab: Lab, name: str, folder: Path, base: str | None) -> Patch:
    """Write the patch of a mistake from its whole files and return it.

    The reason stays as it is. Without `base`, a patch keeps its base, and a new one takes the base that makes it
    smallest. Raises ErError when the folder holds left-over hunks, or no change of the base.
    """
    if not folder.is_dir():
        raise ErError(f"there is no folder `{folder}`", run=f"./er fix {lab.number} {name} --from DIR")
    if left := sorted(folder.glob(f"*{LEFT_OVER}")):
        raise ErError(f"`{left[0]}` has hunks that did not fit: make these changes by hand", run=f"rm {left[0]}")
    old = read_mistake(lab, name) if name in rejected(lab) else None
    if old is None and (name in (STARTER, *accepted(lab)) or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name)):
        raise ErError(f"`{name}` cannot name a mistake: it must be free, in lower-case words with dashes between")
    wanted = [base] if base else [old.base] if old else bases(lab)
    made = [Patch(old.reason if old else "", on, _difference(lab, folder, on)) for on in wanted]
    patch = min(made, key=lambda patch: patch.changed_lines)
    if not patch.diff:
        raise ErError(f"`{folder}` has no change of `{patch.base}`", run=f"./er fix {lab.number} {name} --from DIR")
    write_whole(lab.path / "fixes" / "rejected" / f"{name}.patch", patch.text)
    return patch


def _difference(lab: Lab, folder: Path, base: str) -> str:
    before = base_files(lab, base)
    after: Files = {}
    for file, text in before.items():
        path = folder / file
        edited = path.read_bytes().decode() if path.is_file() else text
        after[file] = edited if base == STARTER else without_reason(edited)
    return diff(before, after)
