"""Mistakes in the scripts and statements that a store runs: Lua and SQL in strings."""

import ast
import re
from collections.abc import Callable, Iterator

from grader.authoring.mutants.syntax import Change, Edit, Syntax

LUA = "redis.call"
SQL = ("INSERT", "UPDATE")
"""Words by which such a string is known."""

SIGN = re.compile(rb"(?<=\s)(?:[<>]=?|[=~]=)(?=\s)")
OPPOSITE = {b"<": b">=", b"<=": b">", b">": b"<=", b">=": b"<", b"==": b"~=", b"~=": b"=="}

STEP = re.compile(rb"""(?m)^[ \t]*(?:redis\.p?call\(.*\)|\w+ = .*)\n""")
"""A line of a script that has an effect and binds no name for the first time."""

PARTS = re.compile(
    rb"""\s+FOR[ ]UPDATE[ ]SKIP[ ]LOCKED | \s+ON[ ]CONFLICT[ ]DO[ ]NOTHING
    | \s+AND[ ](?:[^\n()]|\(\))+?(?=\n|[)"']|[ ](?:AND|OR|ORDER|LIMIT|FOR|RETURNING)\b)""",
    re.VERBOSE,
)
"""Parts without which an SQL statement still runs."""

Match = re.Match[bytes]


def script_turned(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that turn a comparison in a Lua script into its opposite."""
    return in_scripts(syntax, SIGN, lambda match: OPPOSITE[match[0]], LUA)


def script_step_dropped(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that forget a command or an update in a Lua script."""
    return in_scripts(syntax, STEP, nothing, LUA)


def query_loosened(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that leave a lock, a condition or a conflict out of an SQL statement."""
    return in_scripts(syntax, PARTS, nothing, *SQL)


def in_scripts(
    syntax: Syntax, pattern: "re.Pattern[bytes]", change: Callable[[Match], bytes], *marks: str
) -> Iterator[Change]:
    """Yield a change for each match inside a string that has one of these marks."""
    for node in syntax.nodes(ast.Constant):
        if isinstance(node.value, str) and any(mark in node.value for mark in marks):
            for match in pattern.finditer(syntax.source, syntax.start(node), syntax.end(node)):
                line = syntax.line_at(match.start() + len(match[0]) - len(match[0].lstrip()))
                yield Change(line, line, (Edit(match.start(), match.end(), change(match).decode()),))


def nothing(_: Match) -> bytes:
    """Return the text that removes a match."""
    return b""
