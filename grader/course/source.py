"""The code of a source file, without comments, docstrings and blank lines."""

import ast
import io
import json
import tokenize
import tomllib
from contextlib import suppress
from functools import lru_cache

import yaml


@lru_cache(maxsize=1024)
def code(name: str, text: str) -> str:
    """Return a file's code, whatever its comments and layout.

    This is the lines of code of Python, and the data of YAML and TOML. Any other file is returned as it is, and so is
    one that cannot be parsed.
    """
    with suppress(SyntaxError, yaml.YAMLError, tomllib.TOMLDecodeError):
        match name.rpartition(".")[2]:
            case "py":
                return "\n".join(python_lines(text))
            case "yaml":
                return json.dumps(yaml.safe_load(text), sort_keys=True)
            case "toml":
                return json.dumps(tomllib.loads(text), sort_keys=True, default=str)
    return text


def python_lines(text: str) -> list[str]:
    """Return a Python file's lines without comments and docstrings.

    The strings below constants are docstrings too. Raises SyntaxError.
    """
    documentation: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            documentation.update(range(node.lineno, (node.end_lineno or 0) + 1))
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return [line.rstrip() for number, line in enumerate(lines, start=1) if line.strip() and number not in documentation]
