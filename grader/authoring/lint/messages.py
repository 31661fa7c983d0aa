"""The messages of the program: its texts, and its commands' help."""

import ast
from collections.abc import Iterator

BLANK = "x"
"""The text in place of a value that is filled in."""


def messages(source: str) -> Iterator[tuple[int, str]]:
    """Yield each text that may reach a screen, with its line.

    Lines count from 1.
    """
    nodes = list(ast.walk(ast.parse(source)))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    docstrings -= {id(statement.value) for node in nodes for statement in _help(node)}
    parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            texts = (str(part.value) if isinstance(part, ast.Constant) else BLANK for part in node.values)
            yield node.lineno, "".join(texts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | parts:
            yield node.lineno, node.value


def _help(node: ast.AST) -> list[ast.Expr]:
    """Return the docstring of a command, which click shows as its help."""
    if not isinstance(node, ast.FunctionDef):
        return []
    decorators = {ast.unparse(decorator).partition("(")[0] for decorator in node.decorator_list}
    return [
        line for line in node.body[:1] if isinstance(line, ast.Expr) and decorators & {"click.command", "click.group"}
    ]
