"""Fixes: overlays of the edited files, each with its reason, which together try every check."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from grader.authoring.lint.finding import Finding, line_of
from grader.course.course import Course, Lab
from grader.course.fixes import STARTER

LEAST_ACCEPTED, LEAST_REJECTED = 2, 5


def check(course: Course, lab: Lab) -> Iterator[Finding]:
    """Find fixes that are missing, unnamed or unexplained, and checks that no rejected fix fails."""
    del course
    yield from _folders(lab)
    yield from _expectations(lab)
    yield from _bases(lab)
    yield from _reasons_of_either(lab)


def _folders(lab: Lab) -> Iterator[Finding]:
    for kind, least in (("accepted", LEAST_ACCEPTED), ("rejected", LEAST_REJECTED)):
        folder = lab.path / "fixes" / kind
        fixes = sorted(path for path in folder.glob("*") if path.is_dir())
        if len(fixes) < least:
            yield Finding(folder, 0, f"{len(fixes)} {kind} fixes", f"a lab has at least {least}")
        for fix in fixes:
            files = sorted(path for path in fix.iterdir() if path.name != "__pycache__")
            if not files:
                yield Finding(fix, 0, "an empty fix", "it replaces an edited file")
            for path in files:
                if path.name not in lab.manifest.edit:
                    yield Finding(path, 0, "not a file that the lab's `edit` names", "a fix replaces edited files only")
                else:
                    yield from _source(lab, path.read_text(), path, kind)


def _source(lab: Lab, text: str, where: Path, kind: str) -> Iterator[Finding]:
    try:
        _parse(where.suffix, text)
    except SyntaxError as error:
        yield Finding(where, error.lineno or 0, f"no Python: {error.msg}", "a fix must run")
        return
    except tomllib.TOMLDecodeError as error:
        yield Finding(where, 0, f"no TOML: {error}", "a fix must be read")
        return
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first.startswith(("#", '"""')):
        why = "why it is right" if kind == "accepted" else "why it tempts"
        yield Finding(where, 1, "the first line is no comment", f"say there {why}")
    if text == (lab.patient / where.name).read_text():
        yield Finding(where, 0, "the same as the starter", "a fix changes something")


def _parse(kind: str, text: str) -> None:
    match kind:
        case ".py":
            ast.parse(text)
        case ".toml":
            tomllib.loads(text)


def _expectations(lab: Lab) -> Iterator[Finding]:
    manifest, path = lab.manifest, lab.path / "lab.toml"
    text = path.read_text()
    known = {fix.name for fix in (lab.path / "fixes").glob("*/*")} | {STARTER}
    for name in manifest.fixes:
        if name not in known:
            yield Finding(path, line_of(text, f"{name} ="), f"there is no fix `{name}`", "name it as its folder")
    rejected = sorted(fix.name for fix in (lab.path / "fixes" / "rejected").glob("*") if fix.is_dir())
    for name in (STARTER, *rejected):
        if not manifest.expectation(name).fails:
            line = line_of(text, f"{name} =")
            yield Finding(
                path, line, f"`{name}` fails no check", f"say in [fixes] what it fails: {name} = {{ fails = [...] }}"
            )
    for fix in (lab.path / "fixes" / "accepted").glob("*"):
        if manifest.expectation(fix.name).fails:
            yield Finding(
                path,
                line_of(text, f"{fix.name} ="),
                f"the accepted fix `{fix.name}` fails checks",
                "move it to rejected/",
            )
    tried = {check for name in rejected for check in manifest.expectation(name).fails}
    for claim in manifest.check:
        if claim.name not in tried:
            line = line_of(text, f'name = "{claim.name}"')
            yield Finding(
                path, line, f"no rejected fix fails `{claim.name}`", "add the mistake that it is there to catch"
            )


def _bases(lab: Lab) -> Iterator[Finding]:
    path = lab.path / "lab.toml"
    for name, expectation in lab.manifest.fixes.items():
        if expectation.over and not (lab.path / "fixes" / "accepted" / expectation.over).is_dir():
            line = line_of(path.read_text(), f"{name} =")
            yield Finding(path, line, f"`{name}` stands on `{expectation.over}`", "it stands on an accepted fix")


def _reasons_of_either(lab: Lab) -> Iterator[Finding]:
    path = lab.path / "lab.toml"
    lines = path.read_text().splitlines()
    for name, expectation in lab.manifest.fixes.items():
        start = line_of("\n".join(lines), f"{name} =")
        if expectation.either and start > 1 and not lines[start - 2].startswith("#"):
            yield Finding(path, start, f"`{name}` leaves checks open without a reason", "say why in a comment above it")
