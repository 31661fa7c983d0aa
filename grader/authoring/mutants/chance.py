"""Chance that is missing, or drawn too seldom."""

import ast
from collections.abc import Iterator

from grader.authoring.mutants.syntax import Change, Function, Syntax, first_line

DRAWN = "DRAWN"
"""The name of a value that is drawn once for a whole process."""

NAMES = {"token_hex", "token_urlsafe", "token_bytes", "uuid4"}
"""Calls that draw a name which nobody else has."""


def jitter_removed(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that put the upper bound, or the first, in place of a random value."""
    for call in syntax.nodes(ast.Call):
        arguments = [syntax.code(argument) for argument in call.args]
        match _drawn(call), arguments:
            case (("uniform" | "randint" | "triangular"), [_, _, *_]):
                yield syntax.change(call, syntax.replaced(call, syntax.whole(call.args[1])))
            case "random", []:
                yield syntax.change(call, syntax.replaced(call, "0.5"))
            case "choice", [some]:
                yield syntax.change(call, syntax.replaced(call, f"{some}[0]"))
            case "sample", [some, number]:
                yield syntax.change(call, syntax.replaced(call, f"{some}[:{number}]"))
        for keyword in call.keywords:
            if keyword.arg and "jitter" in keyword.arg:
                yield syntax.change(keyword, syntax.replaced(keyword.value, "0"))


def drawn_once(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that draw a random value once for each process, not for each use."""
    for call in syntax.nodes(ast.Call):
        outer = syntax.top(call)
        if not isinstance(outer, Function | ast.ClassDef):
            continue
        arguments = [syntax.whole(argument) for argument in call.args]
        match _drawn(call), arguments:
            case "uniform", [low, high]:
                once, text = "random.random()", f"({low} + ({high} - {low}) * {DRAWN})"
            case "randint", [low, high]:
                once, text = "random.random()", f"({low} + int(({high} - {low}) * {DRAWN}))"
            case name, _ if name in NAMES and all(isinstance(argument, ast.Constant) for argument in call.args):
                once, text = syntax.code(call), DRAWN
            case _:
                continue
        before = syntax.before_line(first_line([outer]), f"{DRAWN} = {once}\n\n\n")
        yield syntax.change(call, before, syntax.replaced(call, text))


def _drawn(call: ast.Call) -> str:
    """Return the function of `random` or `secrets` that a call calls, or nothing."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="random" | "secrets" | "uuid"), attr=name):
            return name
    return ""
