"""Mutants that may pass: each one that the manifest names exists, and has a reason."""

import re
from collections.abc import Iterator

from grader.authoring.lint.finding import Finding, line_of
from grader.authoring.mutants.mutant import mutants, nearest
from grader.course.course import Course, Lab
from grader.course.patch import PatchError

REASON = re.compile(r"(?:equivalent|outside): \S.{10,}", re.DOTALL)
CODE = re.compile(r"`([^`]+)`")


def check(course: Course, lab: Lab) -> Iterator[Finding]:
    """Find mutants in the manifest that are not made any more, or have no reason.

    A name holds a line number. So a reason quotes code of that line, and does not move to another mutant unnoticed.
    """
    del course
    if not lab.manifest.mutants:
        return
    path = lab.path / "lab.toml"
    try:
        made = {mutant.full_name: mutant for mutant in mutants(lab)}
    except (PatchError, SyntaxError):
        # The rule on fixes says which file cannot be read.
        return
    for name, reason in lab.manifest.mutants.items():
        line = line_of(path.read_text(encoding="utf-8"), name)
        if name not in made:
            again = f"see `./er mutate {lab.number} --list`"
            yield Finding(path, line, f"there is no mutant `{name}`{nearest(name, list(made))}", again)
        elif not REASON.fullmatch(reason):
            yield Finding(path, line, f"`{name}` has no reason", "write `equivalent: WHY`, or `outside: WHY`")
        elif not any(quoted in made[name].before for quoted in CODE.findall(reason)):
            yield Finding(
                path,
                line,
                f"the reason of `{name}` quotes no code of its line",
                f"quote a part of `{made[name].before.strip().splitlines()[0]}` in backticks",
            )
