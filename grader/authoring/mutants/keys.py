"""Mistakes with a key: it lacks a part, or differs between replicas."""

import ast
import re
from collections.abc import Iterator

from grader.authoring.mutants.syntax import Change, Edit, Syntax, imported

KEY = re.compile(r"""f?(["'])(?!\1)[^\s/]*[:-][^\s/]*\1""")
"""An f-string that is a key and not a text, a path or a URL."""

PLACE = re.compile(r"\{[^{}]*\}")

SELF = "{os.uname().nodename}"
"""The part of a key that differs between the replicas of a service."""


def key_part_dropped(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that leave one part out of a key, so that different things share an entry."""
    for node, text in _keys(syntax):
        for place in PLACE.finditer(text):
            start = syntax.start(node) + len(text[: place.start()].encode())
            yield syntax.change(node, Edit(start, start + len(place[0].encode()), ""))


def key_per_replica(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that give each replica a key of its own, so that nothing is shared."""
    return (syntax.change(node, edit) for node, edit in _own_keys(syntax))


def local_halves(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that give each replica its own half of a shared limit."""
    numbers = dict(_numbers(syntax))
    for node, edit in _own_keys(syntax):
        statement = next(part for part in syntax.around(node) if isinstance(part, ast.stmt))
        names = [part for part in ast.walk(statement) if isinstance(part, ast.Name) and part.id in numbers]
        # The value of a keyword is mostly a time.
        limits = [name for name in names if not isinstance(syntax.parent(name), ast.keyword)]
        halves = [syntax.replaced(name, f"{name.id} {numbers[name.id]} 2") for name in limits]
        if halves and not hasattr(statement, "body"):
            yield syntax.change(node, edit, *halves)


def _keys(syntax: Syntax) -> Iterator[tuple[ast.expr, str]]:
    """Yield each string that makes a key, with its text."""
    for node in syntax.nodes(ast.JoinedStr, ast.Constant):
        text = syntax.code(node)
        is_pattern = isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", None), str)
        # A string inside a call inside a place may have any sign.
        if is_pattern and PLACE.search(text) and KEY.fullmatch(PLACE.sub("{}", text)):
            yield node, text


def _own_keys(syntax: Syntax) -> Iterator[tuple[ast.expr, Edit]]:
    """Yield each f-string that makes a key, with the edit that adds the replica to it."""
    if "os" in imported(syntax):
        for node, text in _keys(syntax):
            if text.startswith("f"):
                end = syntax.end(node) - 1
                yield node, Edit(end, end, f":{SELF}")


def _numbers(syntax: Syntax) -> Iterator[tuple[str, str]]:
    """Yield the name of each number of the module, with the sign that divides it."""
    for statement in syntax.tree.body:
        match statement:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                pairs = list(zip(names, values, strict=False))
            case ast.Assign(targets=[name], value=value):
                pairs = [(name, value)]
            case _:
                continue
        for target, number in pairs:
            match target, number:
                case ast.Name(id=limit), ast.Constant(value=int() | float() as found) if not isinstance(found, bool):
                    yield limit, "//" if isinstance(found, int) else "/"
