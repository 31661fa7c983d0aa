"""The texts that learners read: brief, hints and debrief."""

import re
from collections.abc import Iterator
from pathlib import Path

from grader.authoring.generated import IN_BRIEFS, PART, in_brief, parts
from grader.authoring.lint.finding import Finding, line_of
from grader.authoring.lint.sentences import CODE, sentences
from grader.authoring.scaffold import TEMPLATE
from grader.course.course import Course, Lab

SECTIONS = ("What you see", "The contract", "What to change", "How it is graded", "Not needed")
HINTS = 3
LONG_LINE = 25
"""The characters of a line of code that no text has by chance."""

KNOWN = f"there are {', '.join(IN_BRIEFS)}, and `mistake NAME` for each rejected fix"

LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")


def check(course: Course, lab: Lab) -> Iterator[Finding]:
    """Find missing parts, outdated generated parts, and dead links."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(lab.path.glob("*.md"))}
    for path, text in texts.items():
        yield from links(course.root, path, text)
        yield from _generated(lab, path, text)
        yield from _placeholders(path, text)
    yield from _brief(lab, texts.get(lab.path / "README.md", ""))
    yield from _hints(lab, texts.get(lab.path / "hints.md", ""))
    debrief = texts.get(lab.path / "debrief.md", "")
    yield from _debrief(lab.path / "debrief.md", debrief)


def _brief(lab: Lab, text: str) -> Iterator[Finding]:
    path = lab.path / "README.md"
    if not text:
        return
    for section in SECTIONS:
        if not re.search(rf"(?m)^## {section}", text):
            yield Finding(path, 0, f"no section `## {section}`", "a brief has it")
    if not re.search(r"\d+ lines", text):
        yield Finding(path, 0, "it does not say how many lines the answer took", "give the size of the accepted fixes")
    there = {part.name for part in parts(lab, text)}
    for name in in_brief(lab):
        if name not in there:
            add = f"add `<!-- generated: {name} -->` and `<!-- end -->`, and run ./er lint {lab.number} --fix"
            yield Finding(path, 0, f"no generated part `{name}`", add)


def _generated(lab: Lab, path: Path, text: str) -> Iterator[Finding]:
    """Find outdated generated parts, and comments without an end."""
    found = list(parts(lab, text))
    for part in found:
        if part.wanted is None:
            yield Finding(path, part.line, f"nothing generates a part `{part.name}`", KNOWN)
        elif part.body != part.wanted:
            yield Finding(
                path, part.line, f"the generated part `{part.name}` is out of date", f"./er lint {lab.number} --fix"
            )
    begun = [number for number, line in enumerate(text.splitlines(), start=1) if line.startswith("<!-- generated:")]
    for line in sorted({*begun} - {part.line for part in found}):
        yield Finding(path, line, "a generated part without an end", "add a line `<!-- end -->`")


def _placeholders(path: Path, text: str) -> Iterator[Finding]:
    """Find sentences that are unchanged from the template."""
    template = TEMPLATE / path.name
    told = PART.sub("", template.read_text(encoding="utf-8")) if template.exists() else ""
    placeholders = {sentence for _, sentence in sentences(told) if sentence.endswith((".", "?"))}
    for line, sentence in sentences(text):
        if sentence in placeholders:
            shown = sentence.replace(CODE, "...")
            yield Finding(path, line, f"still from the template: `{shown}`", "write the lab's own")


def _debrief(path: Path, text: str) -> Iterator[Finding]:
    if text and not re.search(r"(?mi)^## .*when not", text):
        yield Finding(path, 0, "no section says when not to use the pattern", "add `## When not to`")
    _, _, listed = text.partition("\n## Sources\n")
    first = text.count("\n") - listed.count("\n") + 1
    for item in re.finditer(r"(?m)^- (?:.|\n(?!- |\n))+", listed):
        if not LINK.search(" ".join(item[0].split())):
            line = first + listed.count("\n", 0, item.start())
            yield Finding(path, line, "a source without a link", "add one that you have opened")


def _hints(lab: Lab, text: str) -> Iterator[Finding]:
    path = lab.path / "hints.md"
    if not text:
        return
    hints = [part for part in re.split(r"(?m)^(?=## )", text) if part.startswith("## ")]
    if len(hints) != HINTS:
        yield Finding(
            path, 0, f"{len(hints)} hints", f"there are {HINTS}: symptom, mechanism, API; each begins with `## `"
        )
    for hint in hints:
        if "?" not in hint:
            yield Finding(path, line_of(text, hint.splitlines()[0]), "a hint without a question", "ask before you tell")
    if line := line_of(text, "```"):
        yield Finding(path, line, "a block of code", "hints never hand over code")
    said = re.sub(r"[`\s]+", " ", text)
    for fix in sorted(lab.path.glob("fixes/accepted/*/*.py")):
        for code in fix.read_text().splitlines():
            words = re.sub(r"\s+", " ", code.strip())
            if len(words) > LONG_LINE and not words.startswith(("#", "import", "from", '"""')) and words in said:
                yield Finding(path, 0, f"a line of {fix.parent.name}: `{words}`", "hints never hand over code")


def links(root: Path, path: Path, text: str) -> Iterator[Finding]:
    """Find links inside the repository that lead nowhere."""
    for number, line in enumerate(text.splitlines(), start=1):
        for target in LINK.findall(line):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            file = (path.parent / name).resolve() if name else path
            if not file.exists() or not file.is_relative_to(root):
                yield Finding(path, number, f"a link to `{target}`, which does not exist", "mend the link")
            elif anchor and file.suffix == ".md" and anchor not in _anchors(file.read_text(encoding="utf-8")):
                yield Finding(path, number, f"a link to `{target}`: there is no such heading", "mend the link")


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
