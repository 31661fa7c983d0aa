"""A Python source with its syntax tree, and changes of it by position."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar, overload

Node = TypeVar("Node", bound=ast.AST)
Other = TypeVar("Other", bound=ast.AST)
Third = TypeVar("Third", bound=ast.AST)

Positioned = ast.expr | ast.stmt | ast.keyword | ast.excepthandler | ast.arg
"""The nodes that have a position."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Edit(NamedTuple):
    """New text for the bytes from `start` to `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Change:
    """One mistake in a source, in the lines from `line` to `last`, both counted from 1."""

    line: int
    last: int
    edits: tuple[Edit, ...]


class Syntax:
    """A source with its tree. Offsets count bytes, as the columns of `ast` do.

    Raises SyntaxError.
    """

    def __init__(self, text: str) -> None:
        self.tree = ast.parse(text)
        self.source = text.encode()
        self._starts = [0, *(match.end() for match in re.finditer(rb"\n", self.source))]
        self._parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @overload
    def nodes(self, kind: type[Node], /) -> Iterator[Node]: ...
    @overload
    def nodes(self, kind: type[Node], other: type[Other], /) -> Iterator[Node | Other]: ...
    @overload
    def nodes(self, kind: type[Node], other: type[Other], third: type[Third], /) -> Iterator[Node | Other | Third]: ...
    def nodes(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """Yield the nodes of these kinds in the order of the source.

        The inside of an f-string is left out, because Python 3.11 does not tell its positions exactly.
        """
        yield from (node for node in self._all if isinstance(node, kinds))

    @cached_property
    def _all(self) -> list[ast.AST]:
        return list(_outside_of_f_strings(self.tree))

    def parent(self, node: ast.AST) -> ast.AST:
        """Return the node around another one; the module around itself."""
        return self._parents.get(node, self.tree)

    def around(self, node: ast.AST) -> list[ast.AST]:
        """Return all nodes around another one, from the inside to the module."""
        found = []
        while node is not self.tree:
            node = self._parents[node]
            found.append(node)
        return found

    def functions(self) -> Iterator[Function]:
        """Yield all functions, methods and inner functions."""
        return self.nodes(ast.FunctionDef, ast.AsyncFunctionDef)

    def top(self, node: ast.AST) -> ast.stmt:
        """Return the statement of the module that a node belongs to."""
        around = [node, *self.around(node)]
        return next(statement for statement in self.tree.body if statement in around)

    def blocks(self) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
        """Yield each list of statements with the node that has it."""
        for node in self._all:
            for field in ("body", "orelse", "finalbody"):
                block = getattr(node, field, None)
                if isinstance(block, list) and block:
                    yield node, block

    def start(self, node: Positioned) -> int:
        """Return the offset of a node's first byte."""
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: Positioned) -> int:
        """Return the offset behind a node."""
        return self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

    def code(self, node: Positioned) -> str:
        """Return the text of a node."""
        return self.source[self.start(node) : self.end(node)].decode()

    def line_at(self, offset: int) -> int:
        """Return the line of an offset, from 1."""
        return self.source.count(b"\n", 0, offset) + 1

    def line(self, number: int) -> str:
        """Return the text of a line without its end."""
        return self.source[self._starts[number - 1] :].split(b"\n", 1)[0].decode()

    def change(self, node: Positioned, *edits: Edit) -> Change:
        """Return a change that begins where a node does."""
        return Change(node.lineno, node.lineno, edits)

    def replaced(self, node: Positioned, text: str) -> Edit:
        """Return the edit that puts a text in a node's place."""
        return Edit(self.start(node), self.end(node), text)

    def whole(self, node: ast.expr) -> str:
        """Return the text of a node that may stand in any place, in parentheses if it needs them."""
        atom = isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Constant | ast.Subscript)
        return self.code(node) if atom else f"({self.code(node)})"

    def without_lines(self, first: int, last: int) -> Edit:
        """Return the edit that removes whole lines."""
        ends = self._starts[last] if last < len(self._starts) else len(self.source)
        return Edit(self._starts[first - 1], ends, "")

    def before_line(self, number: int, text: str) -> Edit:
        """Return the edit that inserts a text in front of a line."""
        return Edit(self._starts[number - 1], self._starts[number - 1], text)

    def dedented(self, first: int, last: int, by: int) -> list[Edit]:
        """Return the edits that move whole lines to the left, but no part of a string."""
        return [
            Edit(start, start + by, "")
            for number in range(first, last + 1)
            if number not in self._inside_strings
            and not self.source[(start := self._starts[number - 1]) : start + by].strip(b" ")
            and self.line(number)
        ]

    @cached_property
    def _inside_strings(self) -> set[int]:
        strings = [node for node in self._all if isinstance(node, ast.JoinedStr | ast.Constant)]
        return {line for node in strings for line in range(node.lineno + 1, (node.end_lineno or 0) + 1)}

    def without_argument(self, call: ast.Call, argument: ast.expr | ast.keyword) -> Edit:
        """Return the edit that removes an argument of a call with the comma beside it."""
        arguments: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
        arguments.sort(key=self.start)
        start, end = self.start(argument), self.end(argument)
        if argument is not arguments[-1] and (comma := re.compile(rb"\s*,\s*").match(self.source, end)):
            return Edit(start, comma.end(), "")
        if argument is not arguments[0]:
            start = self.source.rindex(b",", 0, start)
        return Edit(start, end, "")

    def applied(self, change: Change) -> str:
        """Return the source with a change."""
        text = self.source
        for edit in sorted(change.edits, reverse=True):
            text = text[: edit.start] + edit.text.encode() + text[edit.end :]
        return text.decode()


def first_line(block: Sequence[ast.stmt]) -> int:
    """Return the first line of a block, decorators included."""
    first = block[0]
    decorated = isinstance(first, Function | ast.ClassDef) and first.decorator_list
    return decorated[0].lineno if decorated else first.lineno


def last_line(block: Sequence[ast.stmt]) -> int:
    """Return the last line of a block."""
    return block[-1].end_lineno or block[-1].lineno


def called(node: ast.AST) -> str:
    """Return the last name of a called function, or an empty string for another node."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
    return ""


def imported(syntax: Syntax) -> set[str]:
    """Return the modules that a source imports by name."""
    return {alias.name for node in syntax.nodes(ast.Import) for alias in node.names}


def used(node: ast.AST) -> set[str]:
    """Return the names that a node reads."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}


def bound(node: ast.AST) -> set[str]:
    """Return the names that a node binds, those of its inner functions included."""
    found: set[str] = set()
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
    return found


def _outside_of_f_strings(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if not isinstance(node, ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            yield from _outside_of_f_strings(child)
