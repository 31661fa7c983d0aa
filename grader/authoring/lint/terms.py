"""The course's own words, which a text explains where it first uses them."""

import re
from collections.abc import Iterator
from pathlib import Path

from grader.authoring.lint.finding import Finding

TERMS = ("patient", "stock service", "receipt", "ledger", "twin", "probe")
"""The words that a reader cannot know from elsewhere."""

CODE = re.compile(r"^ *(```|~~~).*?^ *\1|<!--.*?-->|`[^`]+`|\]\([^)]*\)", re.MULTILINE | re.DOTALL)
"""Text that is not prose: code, comments and the targets of links."""


def unexplained(path: Path, text: str) -> Iterator[Finding]:
    """Find each term that is not in italics at its first use, as an explanation is."""
    prose = CODE.sub(lambda code: "\n" * code[0].count("\n"), text)
    for term in TERMS:
        first = re.search(rf"(\*(?:\w+ )?)?\b{term}s?\b", prose, re.IGNORECASE)
        if first and not first[1]:
            line = prose.count("\n", 0, first.start()) + 1
            yield Finding(path, line, f"nothing explains the word `{term}`", f"explain it here, and write `*{term}*`")
