"""State that lives too long or too short: in the process, or in one request."""

import ast
import re
from collections.abc import Iterator

from grader.authoring.mutants.syntax import Change, Edit, Function, Syntax, bound, first_line, last_line, used

MAKERS = {"dict", "list", "set", "defaultdict", "deque"}
"""Functions in lower case that make something which can be changed."""

CLASS = re.compile(r"[A-Z]\w*[a-z]\w*")

ENDS = ("Client", "Error", "Response", "Request", "Thread", "Producer", "Consumer")
"""How the classes end whose instances are connections or answers, and not state."""


def state_per_request(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that move the state of a process into each function that uses it."""
    for statement in syntax.tree.body:
        name, _ = _made(statement)
        users = [function for function in syntax.functions() if _uses(syntax, function, name)]
        others = [node for node in syntax.tree.body if node is not statement and not _is_scope(node)]
        moved = [syntax.before_line(first_line(_body(user)), _line(syntax, statement, user)) for user in users]
        if not any(name in used(node) for node in (*others, *_decorators(syntax))):
            moved.append(_gone(syntax, statement))
        if users:
            yield syntax.change(statement, *moved)


def state_shared(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that move the state of one request into the process."""
    for function in syntax.functions():
        for statement in (node for node in ast.walk(function) if isinstance(node, ast.stmt)):
            name, value = _made(statement)
            if value and not used(value) & bound(function) and _times_bound(function, name) == 1:
                before = first_line([syntax.top(function)])
                moved = syntax.before_line(before, f"{syntax.code(statement)}\n\n\n")
                yield syntax.change(statement, moved, _gone(syntax, statement))


def _made(statement: ast.stmt) -> tuple[str, ast.expr | None]:
    """Return the name and the value when a statement makes something that can be changed; otherwise nothing."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_mutable(value):
            return name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if _is_mutable(value):
            return name, value
    return "", None


def _is_mutable(value: ast.expr) -> bool:
    match value:
        case ast.Dict(keys=[]) | ast.List(elts=[]):
            return True
        case ast.Call(func=ast.Subscript(value=function) | function):
            last = ast.unparse(function).rpartition(".")[2]
            return last in MAKERS or (CLASS.fullmatch(last) is not None and not last.endswith(ENDS))
    return False


def _uses(syntax: Syntax, function: Function, name: str) -> bool:
    """Tell whether a function that is not inside another one reads a name that it does not bind."""
    inner = any(isinstance(node, Function) for node in syntax.around(function))
    return not inner and any(name in used(part) for part in function.body) and name not in bound(function)


def _is_scope(node: ast.AST) -> bool:
    return isinstance(node, Function | ast.ClassDef)


def _decorators(syntax: Syntax) -> list[ast.expr]:
    scopes = syntax.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [decorator for scope in scopes for decorator in scope.decorator_list]


def _body(function: Function) -> list[ast.stmt]:
    """Return a function's statements behind its docstring."""
    return function.body[1:] if ast.get_docstring(function) is not None and function.body[1:] else function.body


def _line(syntax: Syntax, statement: ast.stmt, function: Function) -> str:
    return " " * function.body[0].col_offset + syntax.code(statement) + "\n"


def _gone(syntax: Syntax, statement: ast.stmt) -> Edit:
    return syntax.without_lines(statement.lineno, last_line([statement]))


def _times_bound(function: Function, name: str) -> int:
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name]
    return sum(not isinstance(node.ctx, ast.Load) for node in names)
