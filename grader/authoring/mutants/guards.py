"""Protections that are missing: `finally`, `except`, locks and time limits."""

import ast
import re
from collections.abc import Callable, Iterator

from grader.authoring.mutants.syntax import Change, Edit, Syntax, called, first_line, last_line

TIMED = re.compile(r"timeout|fail_after|move_on_after")
"""The names of a time limit in Python's and the labs' libraries."""

NARROWER = {
    "Exception": "ValueError",
    "OSError": "ConnectionError",
    "RedisError": "TimeoutError",
    "httpx2.HTTPError": "httpx2.TransportError",
    "httpx2.TransportError": "httpx2.ConnectError",
}
"""A type that one may take for enough, by the type that it should be."""


def finally_dropped(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that leave out a `finally` with its body."""
    for node in syntax.nodes(ast.Try):
        if node.finalbody:
            keyword = _line_of(syntax, "finally:", node.finalbody)
            edits = [syntax.without_lines(keyword, last_line(node.finalbody))]
            if not node.handlers:
                edits += _bare(syntax, node, keyword - 1)
            yield Change(keyword, last_line(node.finalbody), tuple(edits))


def finally_after_success(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that run the body of a `finally` only when nothing was raised."""
    for node in syntax.nodes(ast.Try):
        if not node.finalbody or isinstance((node.orelse or node.body)[-1], ast.Return | ast.Raise):
            continue
        keyword = _line_of(syntax, "finally:", node.finalbody)
        if not node.handlers:
            edits = [syntax.without_lines(keyword, keyword), *_bare(syntax, node, keyword - 1)]
            edits += syntax.dedented(keyword + 1, last_line(node.finalbody), _indent(node, node.body))
        elif node.orelse:
            edits = [syntax.without_lines(keyword, keyword)]
        else:
            edits = [syntax.without_lines(keyword, keyword), syntax.before_line(keyword, _else(node))]
        yield Change(keyword, last_line(node.finalbody), tuple(edits))


def except_removed(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that let an exception through."""
    for node in syntax.nodes(ast.Try):
        for handler in node.handlers:
            edits = [syntax.without_lines(handler.lineno, last_line(handler.body))]
            if len(node.handlers) == 1:
                if not node.finalbody:
                    edits += _bare(syntax, node, handler.lineno - 1)
                if node.orelse:
                    keyword = _line_of(syntax, "else:", node.orelse)
                    edits.append(syntax.without_lines(keyword, keyword))
                    if not node.finalbody:
                        edits += syntax.dedented(keyword + 1, last_line(node.orelse), _indent(node, node.body))
            yield Change(handler.lineno, handler.lineno, tuple(edits))
    yield from _unwrapped(syntax, lambda item: called(item.context_expr) == "suppress")


def except_narrowed(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that catch or suppress fewer exceptions."""
    for handler in syntax.nodes(ast.ExceptHandler):
        match handler.type:
            case ast.Tuple(elts=types):
                for left_out in types:
                    kept = [syntax.code(kind) for kind in types if kind is not left_out]
                    text = f"({', '.join(kept)})" if len(kept) > 1 else "".join(kept)
                    yield syntax.change(handler, syntax.replaced(handler.type, text))
            case ast.expr() as kind if narrower := NARROWER.get(syntax.code(kind)):
                yield syntax.change(handler, syntax.replaced(kind, narrower))
    for call in syntax.nodes(ast.Call):
        if called(call) == "suppress" and len(call.args) > 1:
            yield from (syntax.change(call, syntax.without_argument(call, kind)) for kind in call.args)


def guard_dropped(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that do without a lock, or another context that nothing is read from."""
    return _unwrapped(syntax, lambda item: not _is_timed(item) and called(item.context_expr) != "suppress")


def time_limit_dropped(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that wait for as long as it takes."""
    yield from _unwrapped(syntax, _is_timed)
    for call in syntax.nodes(ast.Call):
        if called(call) == "wait_for" and call.args:
            yield syntax.change(call, syntax.replaced(call, syntax.code(call.args[0])))
            continue
        for keyword in call.keywords:
            if keyword.arg and TIMED.search(keyword.arg) and syntax.code(keyword.value) != "None":
                yield syntax.change(keyword, syntax.without_argument(call, keyword))


def _unwrapped(syntax: Syntax, wanted: Callable[[ast.withitem], bool]) -> Iterator[Change]:
    """Yield a change for each context that is wanted and has no `as`, that leaves it out."""
    for node in syntax.nodes(ast.With, ast.AsyncWith):
        for number, item in enumerate(node.items):
            if item.optional_vars is not None or not wanted(item):
                continue
            if len(node.items) == 1:
                colon = _colon(syntax, node)
                edits = [syntax.without_lines(node.lineno, colon)]
                edits += syntax.dedented(colon + 1, last_line(node.body), _indent(node, node.body))
            elif number:
                edits = [Edit(_end(syntax, node.items[number - 1]), _end(syntax, item), "")]
            else:
                edits = [Edit(syntax.start(item.context_expr), syntax.start(node.items[1].context_expr), "")]
            yield syntax.change(node, *edits)


def _is_timed(item: ast.withitem) -> bool:
    return TIMED.search(called(item.context_expr)) is not None


def _end(syntax: Syntax, item: ast.withitem) -> int:
    return syntax.end(item.optional_vars or item.context_expr)


def _colon(syntax: Syntax, node: ast.With | ast.AsyncWith) -> int:
    """Return the line that ends the head of a `with`."""
    line = node.items[-1].context_expr.end_lineno or node.lineno
    while not re.search(r":\s*(#.*)?$", syntax.line(line)) and line < first_line(node.body):
        line += 1
    return line


def _line_of(syntax: Syntax, keyword: str, block: list[ast.stmt]) -> int:
    """Return the line of the keyword in front of a block."""
    line = first_line(block)
    while not syntax.line(line).lstrip().startswith(keyword):
        line -= 1
    return line


def _bare(syntax: Syntax, node: ast.Try, last: int) -> list[Edit]:
    """Return the edits that leave out a `try:`, and move its body up to a line to the left."""
    return [
        syntax.without_lines(node.lineno, node.lineno),
        *syntax.dedented(node.lineno + 1, last, _indent(node, node.body)),
    ]


def _indent(node: ast.stmt, body: list[ast.stmt]) -> int:
    return body[0].col_offset - node.col_offset


def _else(node: ast.Try) -> str:
    return " " * node.col_offset + "else:\n"
