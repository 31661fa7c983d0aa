"""Effects that are forgotten, not waited for, or come in the wrong order."""

import ast
from collections.abc import Iterator
from itertools import pairwise

from grader.authoring.mutants.syntax import Change, Edit, Function, Syntax, bound, called, imported, used

PAUSES = {"gather", "sleep"}
"""Calls whose whole effect is to wait, or that begin without a task."""

STAYING = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Global,
    ast.Nonlocal,
    ast.Pass,
)
ENDING = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def await_removed(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that start no coroutine, where its result is not used."""
    for node in syntax.nodes(ast.Expr):
        if isinstance(node.value, ast.Await):
            yield syntax.change(node, Edit(syntax.start(node), syntax.start(node.value.value), ""))


def fire_and_forget(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that leave a coroutine to a task of its own, where its result is not used."""
    if "asyncio" not in imported(syntax):
        return
    for node in syntax.nodes(ast.Expr):
        match node.value:
            case ast.Await(value=ast.Call() as call) if called(call) not in PAUSES:
                yield syntax.change(node, syntax.replaced(node, f"asyncio.create_task({syntax.code(call)})"))


def effect_dropped(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that forget a call for its effect, or the update of a counter, attribute or entry."""
    for owner, block in syntax.blocks():
        if getattr(owner, "name", "") == "__init__":
            continue
        for node in block:
            if not _updates(node) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
                continue
            last = node.end_lineno or node.lineno
            gone = syntax.without_lines(node.lineno, last) if len(block) > 1 else syntax.replaced(node, "pass")
            yield Change(node.lineno, last, (gone,))


def order_swapped(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that do two effects, or a check and its act, in the wrong order."""
    for owner, block in syntax.blocks():
        if not _is_in_function(syntax, owner):
            continue
        for first, second in pairwise(block):
            if isinstance(first, STAYING) or isinstance(second, (*STAYING, *ENDING)):
                continue
            # Two updates of one task are seen together, in either order.
            if _updates(first) and _updates(second):
                continue
            if _acts(first) and _acts(second) and not bound(first) & used(second):
                edits = (syntax.replaced(first, syntax.code(second)), syntax.replaced(second, syntax.code(first)))
                yield Change(first.lineno, second.end_lineno or second.lineno, edits)


def _acts(node: ast.stmt) -> bool:
    """Tell whether a statement is a check that may end the work, or has an effect of its own."""
    if isinstance(node, ast.If) and isinstance(node.body[-1], ENDING):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return True
    return any(isinstance(part, ast.Await) or _updates(part) for part in ast.walk(node))


def _updates(node: ast.AST) -> bool:
    """Tell whether a statement changes a counter, an attribute or an entry."""
    if isinstance(node, ast.Assign):
        targets = [part for target in node.targets for part in getattr(target, "elts", [target])]
        return all(isinstance(target, ast.Attribute | ast.Subscript) for target in targets)
    return isinstance(node, ast.AugAssign)


def _is_in_function(syntax: Syntax, node: ast.AST) -> bool:
    return any(isinstance(part, Function) for part in (node, *syntax.around(node)))
