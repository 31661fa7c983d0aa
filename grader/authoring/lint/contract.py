"""The contract: promises that checks measure and rejected fixes break, and milestones on the way to them."""

import re
from collections.abc import Iterator

from grader.authoring.generated import PART
from grader.authoring.lint.finding import Finding, line_of
from grader.authoring.lint.sentences import sentences
from grader.course.course import Course, Lab
from grader.course.fixes import rejected
from grader.course.manifest import Manifest, Promise
from grader.course.receipt_check import CHECK

UNMEASURED = "Not measured: "
SECTION = re.compile(r"^## The contract\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
ITEM = re.compile(r"[-*+] ")

AT_ONCE = 11
"""The most checks of a lab without milestones."""


def check(course: Course, lab: Lab) -> Iterator[Finding]:
    """Find unproven promises, checks without a promise or milestone, and unproven items."""
    del course
    manifest, path = lab.manifest, lab.path / "lab.toml"
    text = path.read_text(encoding="utf-8")
    for promise in manifest.promise:
        line = line_of(text, promise.says)
        for what, mend in _faults(lab, promise):
            yield Finding(path, line, what, mend)
    measuring = {name for promise in manifest.promise for name in promise.checks}
    for claim in manifest.check:
        if claim.name not in measuring and claim.name != CHECK["name"]:
            line = line_of(text, f'name = "{claim.name}"')
            yield Finding(
                path, line, f"no promise has the check `{claim.name}`", "say in `[[promise]]` what it measures"
            )
    for what, mend in _loose_ends(lab.manifest):
        yield Finding(path, line_of(text, "[[milestone]]"), what, mend)
    yield from _brief(lab)


def _loose_ends(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the milestones as a whole, with how to mend it."""
    if not manifest.milestone:
        if (count := len(manifest.check)) > AT_ONCE:
            yield f"{count} checks at once", "group them by `[[milestone]]`, in an order that works"
        return
    listed = [name for milestone in manifest.milestone for name in milestone.checks]
    for claim in manifest.check:
        if (count := listed.count(claim.name)) != 1:
            yield f"{count} milestones have the check `{claim.name}`", "name it in the one that makes it hold"


def _faults(lab: Lab, promise: Promise) -> Iterator[tuple[str, str]]:
    """Yield each fault of a promise, with how to mend it."""
    if (said := len(list(sentences(promise.says)))) != 1:
        yield f"a promise of {said} sentences", "a promise is one sentence"
    name, fails = promise.broken_by, lab.manifest.expectation(promise.broken_by).fails
    if name not in rejected(lab):
        yield f"no rejected fix `{name}` breaks the promise", "add the mistake that breaks it"
    elif not {*promise.checks} & {*fails}:
        yield f"`{name}` fails no check of the promise that it breaks", "name a rejected fix that fails one of `checks`"


def _brief(lab: Lab) -> Iterator[Finding]:
    """Find list items of the contract that are neither promises nor marked."""
    path = lab.path / "README.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    # A generated part leaves blank lines, so that the lines after it keep their numbers.
    own = PART.sub(lambda part: "\n" * part[0].count("\n"), text)
    section = SECTION.search(own)
    if section is None:
        return
    first = own.count("\n", 0, section.start(1)) + 1
    for number, line in enumerate(section[1].splitlines(), start=first):
        item = line.lstrip()
        if ITEM.match(item) and not item[2:].startswith(UNMEASURED):
            mend = f"make it a `[[promise]]`, or begin it with `{UNMEASURED.strip()}`"
            yield Finding(path, number, f"an item of the contract that is not a promise: `{item[2:40].strip()}`", mend)
