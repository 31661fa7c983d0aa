"""`er new`: a new lab from the template or from another lab.

The new lab runs unchanged.
"""

import re
from pathlib import Path

from grader.authoring.generated import write_parts
from grader.base.errors import ErError
from grader.base.files import write_whole
from grader.course.course import Course, Lab

TEMPLATE = Path(__file__).parent / "template"
TEXTS = ("README.md", "hints.md", "debrief.md")
"""The files that always come from the template, because an author writes them for each lab."""

BEHIND_MILESTONES = "## Not needed\n"
MILESTONE_SECTION = "## Milestones\n\n<!-- generated: milestones -->\n<!-- end -->\n\n"
"""The part of a brief that only a lab with milestones has."""

PICTURE = re.compile(r"^```\n.*?^```\n", re.MULTILINE | re.DOTALL)


def new(course: Course, number: str, slug: str, like: Lab | None = None) -> Lab:
    """Make the folder of a new lab and return the lab.

    With `like`, the services, users, incident and fixes are those of that lab. Raises ErError for an invalid or taken
    number or slug.
    """
    again = "./er new 38 sharding"
    if not re.fullmatch(r"\d{2}", number):
        raise ErError(f"a lab's number must have two digits, not `{number}`", run=again)
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug):
        raise ErError(f"a lab's slug must be lower-case words with dashes between, not `{slug}`", run=again)
    for lab in course.labs():
        if lab.number == number or lab.name[3:] == slug:
            raise ErError(f"lab `{lab.name}` already has this number or name", run="./er list")
    lab = Lab(course.root / "labs" / f"{number}-{slug}")
    title = slug.replace("-", " ").capitalize()
    words = {"@NUMBER@": number, "@NAME@": lab.name, "@TITLE@": title}
    for name, text in (_borrowed(like, title) if like else _files(TEMPLATE)).items():
        for word, meaning in words.items():
            text = text.replace(word, meaning)  # noqa: PLW2901 # one word after the other
        write_whole(lab.path / name, text)
    for kind in ("accepted", "rejected"):
        (lab.path / "fixes" / kind).mkdir(parents=True, exist_ok=True)
    write_parts(lab)
    return lab


def _files(folder: Path) -> dict[str, str]:
    """Return the texts of all files of a folder by relative path."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in paths}


def _borrowed(like: Lab, title: str) -> dict[str, str]:
    """Return all files of a lab, with the template's texts.

    The lab's picture is the only one of its own texts that stays.
    """
    files, template = _files(like.path), _files(TEMPLATE)
    files.pop("calibration.toml", None)
    picture = PICTURE.search(files["README.md"])
    files |= {name: template[name] for name in TEXTS}
    if picture:
        files["README.md"] = PICTURE.sub(lambda _: picture[0], files["README.md"], count=1)
    if like.manifest.milestone:
        files["README.md"] = files["README.md"].replace(BEHIND_MILESTONES, MILESTONE_SECTION + BEHIND_MILESTONES)
    files["lab.toml"] = re.sub(r"(?m)^title = .*$", f'title = "{title}"', files["lab.toml"], count=1)
    return files
