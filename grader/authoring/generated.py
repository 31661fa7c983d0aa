"""The generated parts of a lab's markdown files.

`er lint --fix` writes them. A part begins with the comment `<!-- generated: NAME -->` and ends with `<!-- end -->`.
Some names consist of two words.
"""

import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.base.files import write_whole
from grader.course.course import Lab
from grader.course.fixes import STARTER, read_mistake, rejected
from grader.course.manifest import Manifest, Milestone
from grader.course.patch import PatchError

PART = re.compile(r"^<!-- generated: (?P<name>[^>]*?) -->\n(?P<body>.*?)^<!-- end -->$", re.MULTILINE | re.DOTALL)
WIDTH = 120
"""The most characters of a line of prose."""

RECEIPT = (
    " A *receipt* is a signature on the work behind an answer. Your code cannot make one, so a receipt shows that the "
    "answer is real."
)
"""What briefs say of receipts, which most labs check."""


@dataclass(frozen=True)
class Part:
    """A generated part, with its present and its wanted content.

    `line` is that of its first comment, from 1. `wanted` is None when nothing generates a part of this name.
    """

    name: str
    line: int
    body: str
    wanted: str | None


def parts(lab: Lab, text: str) -> Iterator[Part]:
    """Yield the generated parts of a text."""
    for match in PART.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Part(match["name"], line, match["body"], _generate(lab, match["name"]))


def refreshed(lab: Lab, text: str) -> str:
    """Return a text with its generated parts renewed.

    A part that nothing generates stays as it is.
    """

    def fresh(match: re.Match[str]) -> str:
        wanted = _generate(lab, match["name"])
        return match[0] if wanted is None else f"<!-- generated: {match['name']} -->\n{wanted}<!-- end -->"

    return PART.sub(fresh, text)


def write_parts(lab: Lab) -> list[Path]:
    """Renew the generated parts of a lab and return the changed files."""
    changed = []
    for path in sorted(lab.path.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        fresh = refreshed(lab, text)
        if fresh != text:
            write_whole(path, fresh)
            changed.append(path)
    return changed


def _generate(lab: Lab, name: str) -> str | None:
    kind, _, mistake = name.partition(" ")
    if kind == "mistake" and mistake in rejected(lab):
        return _mistake(lab, mistake)
    return IN_BRIEFS[name](lab) if name in in_brief(lab) else None


def in_brief(lab: Lab) -> list[str]:
    """Return the names of the parts that the lab's brief has."""
    return [name for name in IN_BRIEFS if name != MILESTONES or lab.manifest.milestone]


def _mistake(lab: Lab, name: str) -> str | None:
    """Return the reason and the diff of a mistake.

    Return None for a patch that cannot be read.
    """
    try:
        patch = read_mistake(lab, name)
    except PatchError:
        return None
    base = "the starter" if patch.base == STARTER else f"the accepted fix `{patch.base.removeprefix('accepted/')}`"
    reason = " ".join(patch.reason.split())
    return _prose(f"{reason} It changes {base} as follows:") + f"\n```diff\n{patch.diff.rstrip()}\n```\n"


def _change(lab: Lab) -> str:
    """Return the part about the files to edit."""
    paths = [f"`work/{lab.name}/{name}`" for name in lab.manifest.edit]
    files = paths[0] if len(paths) == 1 else f"{', '.join(paths[:-1])} and {paths[-1]}"
    todo, only = ("the `TODO`", "Only this file is") if len(paths) == 1 else ("each `TODO`", "Only these files are")
    return _prose(f"Edit {files} at {todo}. {only} graded. On a terminal, a saved edit is live within 2 s.")


def _contract(lab: Lab) -> str:
    """Return the part with the promises, as a list."""
    return "".join(_item(promise.says) for promise in lab.manifest.promise)


def _graded(lab: Lab) -> str:
    """Return the part about the grade, its checks and its levels."""
    manifest = lab.manifest
    rows = [f"| {check.name} | {check.says} |" for check in manifest.check]
    great, elite = (f"{100 * share:g} %" for share in (manifest.level.great, manifest.level.elite))
    return "\n".join(
        (
            _prose(
                f"`make grade-{lab.number}` replays the incident on a clean copy of the system. A fresh seed draws "
                f"{_drawn(manifest)}. The verdict reads only metrics that your code cannot change. They come from the "
                "load generator, which plays the users, from the stores, and from the *stock services*, which you do "
                f"not edit.{'' if manifest.unreceipted else RECEIPT}"
            ),
            "| check | what it wants |\n|---|---|\n" + "".join(f"{row}\n" for row in rows),
            _prose(
                f"You pass when every check holds. The level of a pass is the share of {manifest.level.says}. Below "
                f"{great} it is Good, from {great} Great, and from {elite} Elite."
            ),
        )
    )


def _milestones(lab: Lab) -> str:
    """Return the part with the milestones, as a numbered list."""
    told = _prose("Take these milestones one after the other. A grade shows each check, so it shows how far you are.")
    items = enumerate(lab.manifest.milestone, start=1)
    return told + "\n" + "".join(_item(f"{item.says} {_then(item)}", f"{number}. ") for number, item in items)


def _then(milestone: Milestone) -> str:
    names = [f"`{name}`" for name in milestone.checks]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"Then {listed} {'holds' if len(names) == 1 else 'hold'}."


def _drawn(manifest: Manifest) -> str:
    values = (value for phase in manifest.phase for fault in phase.faults for value in fault.model_dump().values())
    drawn = any(isinstance(value, list) for value in values)
    return "the arrival times and the lengths of the phases" + (", and the details of the faults" if drawn else "")


def _stuck(lab: Lab) -> str:
    """Return the part about hints and about starting over."""
    return _prose(
        f"Stuck? `./er hint {lab.number}` gives one hint at a time. Lost? `./er reset {lab.number}` starts over and "
        "keeps your copy."
    )


def _item(text: str, mark: str = "- ") -> str:
    return mark + textwrap.indent(_prose(text, WIDTH - len(mark)), " " * len(mark)).lstrip()


def _prose(text: str, width: int = WIDTH) -> str:
    # A number and its unit stay on one line.
    glued = re.sub(r"(\d) (?=m?s\b|%)", "\\1\0", text)
    return textwrap.fill(glued, width, break_long_words=False, break_on_hyphens=False).replace("\0", " ") + "\n"


MILESTONES = "milestones"
"""The part that only the brief of a lab with milestones has."""

IN_BRIEFS: dict[str, Callable[[Lab], str]] = {
    "contract": _contract,
    "change": _change,
    "graded": _graded,
    MILESTONES: _milestones,
    "stuck": _stuck,
}
"""The parts of briefs, each with its generator; debriefs have `mistake NAME` for a rejected fix."""
