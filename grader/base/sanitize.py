"""Make text of patients and submissions safe to print."""

import re
import unicodedata

LONGEST_LINE, MOST_LINES = 300, 100

SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
"""An escape sequence of a terminal: CSI, a string with or without its end, or a short one (ECMA-48)."""

INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode categories of characters that are invisible, or change how others are shown."""


def plain(text: str) -> str:
    """Return text without escape sequences and invisible characters.

    At most MOST_LINES lines of LONGEST_LINE characters are kept.
    """
    lines = re.split(r"\r\n|\r|\n", SEQUENCE.sub("", text))
    shown = [_line(line) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"… and {len(lines) - MOST_LINES} more lines")
    return "\n".join(shown)


def quoted(text: str) -> str:
    """Return plain text with a bar before each line.

    CI systems take some beginnings of lines for commands, and GitHub also `##[` within a line.
    """
    return "\n".join(f"│ {line}" for line in plain(text).replace("##[", "## [").split("\n"))


def _line(line: str) -> str:
    visible = "".join("\ufffd" if unicodedata.category(char) in INVISIBLE else char for char in line.expandtabs(4))
    return visible if len(visible) <= LONGEST_LINE else f"{visible[:LONGEST_LINE]}…"
