"""The two forms of a rejected fix: whole files, and a patch.

Authors read and edit the files. The lab keeps the patch.
"""

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
"""The suffix of a file with hunks that do not apply to the base."""


def write_out(lab: Lab, name: str, folder: Path) -> list[Path]:
    """Write a candidate's whole files and return those with rejected hunks.

    Raises ErError when a file exists with other content, because that may hold edits.
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
    """Make a mistake's patch from its whole files, and write it.

    The reason is kept. Without `base`, an existing patch keeps its base, and a new one gets the base with the fewest
    changed lines. Raises ErError when the folder holds rejected hunks, or does not change the base.
    """
    if not folder.is_dir():
        raise ErError(f"there is no folder `{folder}`", run=f"./er fix {lab.number} {name} --from DIR")
    if left := sorted(folder.glob(f"*{LEFT_OVER}")):
        raise ErError(f"`{left[0]}` has hunks that do not apply: make these changes by hand", run=f"rm {left[0]}")
    old = read_mistake(lab, name) if name in rejected(lab) else None
    if old is None and (name in (STARTER, *accepted(lab)) or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name)):
        raise ErError(f"`{name}` cannot name a mistake: it must be unused, in lower-case words with dashes between")
    wanted = [base] if base else [old.base] if old else bases(lab)
    made = [Patch(old.reason if old else "", on, _difference(lab, folder, on)) for on in wanted]
    patch = min(made, key=lambda patch: patch.changed_lines)
    if not patch.diff:
        raise ErError(f"`{folder}` does not change `{patch.base}`", run=f"./er fix {lab.number} {name} --from DIR")
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
