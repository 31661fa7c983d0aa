"""Options that are forgotten, and calls around a value that are missing."""

import ast
from collections.abc import Iterator

from grader.authoring.mutants.syntax import Change, Function, Syntax, called

WRAPPERS = {"ceil", "reversed", "shield"}
"""Calls that only change how their argument is done or counted."""

DULL = {"media_type", "status_code"}
"""Options that no client of the labs reads, or that have an operator of their own."""


def wrapper_dropped(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that leave out a call around a value, such as `reversed` or `shield`."""
    for call in syntax.nodes(ast.Call):
        if called(call) in WRAPPERS and len(call.args) == 1 and not call.keywords:
            yield syntax.change(call, syntax.replaced(call, syntax.whole(call.args[0])))


def option_dropped(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that forget a keyword argument, except in calls of the source's own functions and classes."""
    own = {node.name for node in ast.walk(syntax.tree) if isinstance(node, Function | ast.ClassDef)}
    for call in syntax.nodes(ast.Call):
        for keyword in call.keywords if called(call) not in own else []:
            if keyword.arg and keyword.arg not in DULL:
                yield syntax.change(keyword, syntax.without_argument(call, keyword))
