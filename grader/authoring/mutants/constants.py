"""Mistakes in a number, a flag or a status."""

import ast
from collections.abc import Callable, Iterator

from grader.authoring.mutants.chance import NAMES
from grader.authoring.mutants.syntax import Change, Syntax, called

SMALL = 10
"""The largest number where one more or less can show in a grade's measurements."""

STATUSES = range(100, 600)
REFUSED, UNAVAILABLE = 400, 503
FAILED, NOT_FOUND = 500, 404

Number = int | float


def halved(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that halve a number."""
    return _changed(syntax, _half)


def doubled(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that double a number."""
    return _changed(syntax, lambda number: 2 * number)


def one_more(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that add one to a small whole number."""
    return _changed(syntax, lambda number: number + 1 if isinstance(number, int) and number <= SMALL else number)


def one_less(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that take one from a small whole number that is not zero."""
    return _changed(syntax, lambda number: number - 1 if isinstance(number, int) and 0 < number <= SMALL else number)


def flag_turned(syntax: Syntax) -> Iterator[Change]:
    """Yield changes of True to False and back, except where a loop never ends."""
    for node in syntax.nodes(ast.Constant):
        if isinstance(node.value, bool) and not isinstance(syntax.parent(node), ast.While):
            yield syntax.change(node, syntax.replaced(node, str(not node.value)))


def status_changed(syntax: Syntax) -> Iterator[Change]:
    """Yield changes of an answer's status: another error, or one of the server instead of a refusal."""
    for node in syntax.nodes(ast.Constant):
        if not _is_status(syntax, node) or not isinstance(node.value, int):
            continue
        for other in (FAILED, NOT_FOUND) if node.value >= FAILED else (UNAVAILABLE,):
            if node.value >= REFUSED and node.value != other:
                yield syntax.change(node, syntax.replaced(node, str(other)))


def _changed(syntax: Syntax, change: Callable[[Number], Number]) -> Iterator[Change]:
    for node in syntax.nodes(ast.Constant):
        number = node.value
        if isinstance(number, bool) or not isinstance(number, int | float) or _is_name(syntax, node):
            continue
        if (other := change(number)) != number:
            yield syntax.change(node, syntax.replaced(node, repr(other)))


def _half(number: Number) -> Number:
    if isinstance(number, int):
        # Half of one is none: that is one too small.
        return number // 2 if number > 1 else number
    return number / 2


def _is_name(syntax: Syntax, node: ast.Constant) -> bool:
    """Tell whether a number is a status, or the length of a drawn name: no amount of anything."""
    parent = syntax.parent(node)
    if isinstance(parent, ast.Compare):
        return "status" in syntax.code(parent)
    return _is_status(syntax, node) or called(parent) in NAMES


def _is_status(syntax: Syntax, node: ast.Constant) -> bool:
    """Tell whether a number is the HTTP status of an answer."""
    match syntax.parent(node):
        case ast.keyword(arg="status_code"):
            return True
        case ast.Call() as call:
            return called(call).endswith(("Response", "HTTPException")) and node.value in STATUSES
    return False
