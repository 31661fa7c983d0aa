"""The sentences of a markdown text, as a reader sees them."""

import re
from collections.abc import Iterator
from functools import partial

FENCE = re.compile(r"\s*(?:```|~~~)")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
START = re.compile(r"\s*(?:#+ |[-*+] |\d+\. |> ?)")
"""The beginning of a heading, an item or a quotation, whose text does not continue the line before."""
RULER = re.compile(r"\|[\s:|-]+\|?$")

CODE = "`x`"
"""The text in place of a piece of code, which counts as one word."""

SEEN = ((r"`[^`]+`", CODE), (r"!?\[([^\]]*)\]\([^)]*\)", r"\1"), (r"<(https?:[^>]+)>", r"\1"), (r"\*+", ""))
"""Marks, each with the text that a reader sees in its place."""

ABBREVIATION = r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bet al)(?<!\b[A-Z])(?<!\A\d)"
END = re.compile(ABBREVIATION + r"[.!?][\"')]*\s+")


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Yield each sentence with the line on which it begins.

    Lines count from 1. A piece of code is one word, and a link is its text.
    """
    for line, block in _blocks(COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)):
        seen = block
        for mark, shown in SEEN:
            seen = re.sub(mark, partial(_shown, shown), seen)
        begin = 0
        for end in (*(match.end() for match in END.finditer(seen)), len(seen)):
            if sentence := " ".join(seen[begin:end].split()):
                lead = len(seen[begin:end]) - len(seen[begin:end].lstrip())
                yield line + seen.count("\n", 0, begin + lead), sentence
            begin = end


def _shown(template: str, mark: re.Match[str]) -> str:
    text = mark.expand(template)
    # A mark may span lines, which are still to be counted.
    return text + "\n" * (mark[0].count("\n") - text.count("\n"))


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield each paragraph, item, heading and cell, with its first line."""
    first, gathered, fenced = 0, "", False
    for number, line in enumerate(text.splitlines(), start=1):
        fence = FENCE.match(line) is not None
        fenced ^= fence
        code = fenced or fence
        table = not code and line.lstrip().startswith("|")
        start = START.match(line)
        if gathered and (code or table or start or not line.strip()):
            yield first, gathered
            gathered = ""
        if table and not RULER.match(line.strip()):
            yield from ((number, cell) for cell in re.split(r"(?<!\\)\|", line.strip().strip("|")))
        elif not code and not table and line.strip():
            first = first if gathered else number
            gathered += (line[start.end() :] if start else line) + "\n"
            if line.startswith("#"):
                yield first, gathered
                gathered = ""
    if gathered:
        yield first, gathered
