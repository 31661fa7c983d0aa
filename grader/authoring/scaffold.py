"""`er new NN slug`: a lab from the template, which runs as it is and lints clean but for what its author must write."""

import re
from pathlib import Path

from grader.authoring.generated import write_parts
from grader.base.errors import ErError
from grader.course.course import Course, Lab

TEMPLATE = Path(__file__).parent / "template"


def new(course: Course, number: str, slug: str) -> Lab:
    """Make the lab's folder and return it; raises ErError for a number or name that is none, or is taken."""
    again = "./er new 38 sharding"
    if not re.fullmatch(r"\d{2}", number):
        raise ErError(f"a lab's number must have two digits, not `{number}`", run=again)
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug):
        raise ErError(f"a lab's slug must be lower-case words with dashes between, not `{slug}`", run=again)
    for lab in course.labs():
        if lab.number == number or lab.name[3:] == slug:
            raise ErError(f"there is lab `{lab.name}` already", run="./er list")
    lab = Lab(course.root / "labs" / f"{number}-{slug}")
    words = {"@NUMBER@": number, "@NAME@": lab.name, "@TITLE@": slug.replace("-", " ").capitalize()}
    for source in sorted(TEMPLATE.rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            text = source.read_text(encoding="utf-8")
            for word, meaning in words.items():
                text = text.replace(word, meaning)
            target = lab.path / source.relative_to(TEMPLATE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    for kind in ("accepted", "rejected"):
        (lab.path / "fixes" / kind).mkdir(parents=True)
    write_parts(lab)
    return lab
