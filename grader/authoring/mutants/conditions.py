"""Mistakes in a condition, and exits that are forgotten."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from grader.authoring.mutants.syntax import Change, Edit, Syntax

WRITTEN: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}

MOVED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}

NEGATED = {
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "==": "!=",
    "!=": "==",
    "is": "is not",
    "is not": "is",
    "in": "not in",
    "not in": "in",
}

EXITS = (ast.If, ast.ExceptHandler, ast.For, ast.AsyncFor, ast.While)
"""The statements in which a return, break or continue is an early exit."""


def boundary_moved(syntax: Syntax) -> Iterator[Change]:
    """Yield changes of a comparison that take its boundary in, or leave it out."""
    return _compared(syntax, MOVED)


def condition_negated(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that turn a comparison or another condition into its opposite."""
    yield from _compared(syntax, NEGATED)
    for denial in syntax.nodes(ast.UnaryOp):
        if isinstance(denial.op, ast.Not):
            start = syntax.start(denial)
            end = start + len(re.match(r"not\s*", syntax.code(denial))[0])  # type: ignore[index] # it begins so
            yield syntax.change(denial, Edit(start, end, ""))
    for branch in syntax.nodes(ast.If, ast.IfExp, ast.While):
        test = branch.test
        if isinstance(test, ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.Await):
            start = syntax.start(test)
            yield syntax.change(test, Edit(start, start, "not "))


def operand_dropped(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that drop an operand of `and` and `or`, or an argument of `min` and `max`."""
    for node in syntax.nodes(ast.BoolOp):
        # Between two operands stand the word and, perhaps, parentheses of either.
        words = [
            match
            for before, after in pairwise(node.values)
            if (match := re.compile(rb"\s*\b(?:and|or)\b\s*").search(syntax.source, syntax.end(before)))
            and match.end() <= syntax.start(after)
        ]
        if len(words) != len(node.values) - 1:
            continue
        yield syntax.change(node, Edit(syntax.start(node), words[0].end(), ""))
        for word, after in pairwise(words):
            yield syntax.change(node, Edit(word.start(), after.start(), ""))
        yield syntax.change(node, Edit(words[-1].start(), syntax.end(node), ""))
    for call in syntax.nodes(ast.Call):
        match call:
            case ast.Call(func=ast.Name(id="min" | "max"), args=[one, other]):
                yield syntax.change(call, syntax.replaced(call, syntax.whole(one)))
                yield syntax.change(call, syntax.replaced(call, syntax.whole(other)))


def exit_dropped(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that forget an early exit, but still compute the value that it returns."""
    for owner, block in syntax.blocks():
        for statement in block if isinstance(owner, EXITS) else []:
            match statement:
                case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant | ast.Name):
                    yield syntax.change(statement, Edit(syntax.start(statement), syntax.start(value), ""))
                case ast.Return() | ast.Break() | ast.Continue():
                    yield syntax.change(statement, syntax.replaced(statement, "pass"))


def _compared(syntax: Syntax, turned: dict[str, str]) -> Iterator[Change]:
    """Yield a change for each sign of comparison that has an entry."""
    for node in syntax.nodes(ast.Compare):
        for (left, right), sign in zip(pairwise([node.left, *node.comparators]), node.ops, strict=True):
            written = WRITTEN[type(sign)]
            pattern = re.compile(re.escape(written).replace(r"\ ", r"\s+").encode())
            match = pattern.search(syntax.source, syntax.end(left), syntax.start(right))
            if written in turned and match:
                yield syntax.change(node, Edit(match.start(), match.end(), turned[written]))
