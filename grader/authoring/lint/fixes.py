"""Fixes: overlays and patches with reasons, which try every check."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from grader.authoring.lint.finding import Finding, line_of
from grader.course.course import Course, Lab
from grader.course.fixes import STARTER, accepted, base_files, candidate_files, candidates, rejected
from grader.course.patch import Files, Patch, PatchError
from grader.course.source import code

LEAST_ACCEPTED, LEAST_REJECTED = 2, 5


def check(course: Course, lab: Lab) -> Iterator[Finding]:
    """Find missing, unnamed or unexplained fixes, and checks that none fails."""
    del course
    yield from _accepted(lab)
    yield from _rejected(lab)
    yield from _expectations(lab)
    yield from _bases(lab)
    yield from _reasons_of_either(lab)


def _accepted(lab: Lab) -> Iterator[Finding]:
    fixes = accepted(lab)
    if len(fixes) < LEAST_ACCEPTED:
        folder = lab.path / "fixes" / "accepted"
        yield Finding(folder, 0, f"{len(fixes)} accepted fixes", f"a lab has at least {LEAST_ACCEPTED}")
    for fix in fixes.values():
        files = sorted(path for path in fix.iterdir() if path.name != "__pycache__")
        if not files:
            yield Finding(fix, 0, "an empty fix", "it replaces an edited file")
        for path in files:
            text = path.read_text()
            if path.name not in lab.manifest.edit:
                yield Finding(path, 0, "not a file that the lab's `edit` names", "a fix replaces edited files only")
                continue
            yield from _source(path.name, text, path)
            if not text.lstrip().startswith(("#", '"""')):
                yield Finding(path, 1, "the first line is not a comment", "say there why it is right")
            if text == (lab.patient / path.name).read_text():
                yield Finding(path, 0, "the same as the starter", "a fix changes something")


def _rejected(lab: Lab) -> Iterator[Finding]:
    fixes, folder = rejected(lab), lab.path / "fixes" / "rejected"
    if len(fixes) < LEAST_REJECTED:
        yield Finding(folder, 0, f"{len(fixes)} rejected fixes", f"a lab has at least {LEAST_REJECTED}")
    for path in sorted({*folder.glob("*"), *(lab.path / "fixes").glob("accepted/*.patch")} - set(fixes.values())):
        if path.name != "__pycache__":
            yield Finding(
                path, 0, "not a patch of a mistake", f"./er fix {lab.number} {path.stem} --from DIR makes one"
            )
    for name, path in fixes.items():
        yield from _patch(lab, name, path)


def _patch(lab: Lab, name: str, path: Path) -> Iterator[Finding]:
    text = path.read_text(encoding="utf-8")
    again = f"write it out with `./er fix {lab.number} {name} --to DIR`, edit, and make it again with `--from DIR`"
    try:
        patch = Patch.parse(text)
        base = base_files(lab, patch.base)
    except PatchError as error:
        yield Finding(path, line_of(text, "Base:"), error.what, "a patch has a reason, one `Base:` and a diff")
        return
    if name in accepted(lab):
        yield Finding(path, 0, "an accepted fix has the same name", "a fix has a name of its own")
    if not patch.reason:
        yield Finding(path, 1, "no reason above `Base:`", "say why the mistake tempts")
    if unknown := [file for file in patch.files if file not in lab.manifest.edit]:
        line = line_of(text, f"--- a/{unknown[0]}")
        yield Finding(
            path, line, f"`{unknown[0]}` is not a file that the lab's `edit` names", "change edited files only"
        )
        return
    try:
        files = candidate_files(lab, name)
    except PatchError as error:
        yield Finding(path, 0, error.what, again)
        return
    if files.keys() != base.keys():
        yield Finding(path, 0, "it adds or removes a file", "change edited files only")
        return
    for file in patch.files:
        yield from _source(file, files[file], path)
    for what, other in ((f"`{patch.base}`", base), ("the starter", base_files(lab, STARTER))):
        if _codes(files) == _codes(other):
            yield Finding(path, 0, f"it changes no code of {what}", "a mistake changes something")
            return


def _codes(files: Files) -> Files:
    return {file: code(file, text) for file, text in files.items()}


def _source(file: str, text: str, where: Path) -> Iterator[Finding]:
    try:
        _parse(Path(file).suffix, text)
    except SyntaxError as error:
        yield Finding(where, 0, f"line {error.lineno or 0} of `{file}` is not Python: {error.msg}", "a fix must run")
    except tomllib.TOMLDecodeError as error:
        yield Finding(where, 0, f"`{file}` is not TOML: {error}", "a fix must be valid")


def _parse(kind: str, text: str) -> None:
    match kind:
        case ".py":
            ast.parse(text)
        case ".toml":
            tomllib.loads(text)


def _expectations(lab: Lab) -> Iterator[Finding]:
    manifest, path = lab.manifest, lab.path / "lab.toml"
    text = path.read_text()
    known = candidates(lab)
    for name in manifest.fixes:
        if name not in known:
            yield Finding(
                path, line_of(text, f"{name} ="), f"there is no fix `{name}`", "name it as its folder or patch"
            )
    mistakes = rejected(lab)
    for name in (STARTER, *mistakes):
        if not manifest.expectation(name).fails:
            line = line_of(text, f"{name} =")
            yield Finding(
                path, line, f"`{name}` fails no check", f"say in [fixes] what it fails: {name} = {{ fails = [...] }}"
            )
    for name in accepted(lab):
        if manifest.expectation(name).fails:
            yield Finding(
                path,
                line_of(text, f"{name} ="),
                f"the accepted fix `{name}` fails checks",
                "move it to rejected/",
            )
    tried = {check for name in mistakes for check in manifest.expectation(name).fails}
    for claim in manifest.check:
        if claim.name not in tried:
            line = line_of(text, f'name = "{claim.name}"')
            yield Finding(
                path, line, f"no rejected fix fails `{claim.name}`", "add the mistake that it is there to catch"
            )


def _bases(lab: Lab) -> Iterator[Finding]:
    path = lab.path / "lab.toml"
    fixes = accepted(lab)
    for name, expectation in lab.manifest.fixes.items():
        line = line_of(path.read_text(), f"{name} =")
        if expectation.over and name not in fixes:
            yield Finding(
                path,
                line,
                f"`{name}` has `over`",
                "only an accepted fix may; a patch names its base in its header",
            )
        elif expectation.over and expectation.over not in fixes:
            yield Finding(path, line, f"`{name}` extends `{expectation.over}`", "it extends an accepted fix")


def _reasons_of_either(lab: Lab) -> Iterator[Finding]:
    path = lab.path / "lab.toml"
    lines = path.read_text().splitlines()
    for name, expectation in lab.manifest.fixes.items():
        start = line_of("\n".join(lines), f"{name} =")
        if expectation.either and start > 1 and not lines[start - 2].startswith("#"):
            yield Finding(path, start, f"`{name}` leaves checks open without a reason", "say why in a comment above it")
