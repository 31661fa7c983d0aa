"""Entries of a store that never expire, or too soon."""

import ast
import re
from collections.abc import Iterator

from grader.authoring.mutants.scripts import LUA, in_scripts, nothing
from grader.authoring.mutants.syntax import Change, Edit, Syntax, called

SHORT = {"ex": "1", "expire": "1", "ttl": "1", "px": "1000"}
"""A second, by the argument that sets a time to live."""

TTL = {*SHORT, "exat", "pxat"}
SETTING = {"setex": "set", "psetex": "set"}

EXPIRE = re.compile(rb"""(?m)^([ \t]*redis\.p?call\(["']EXPIRE["'],[^,\n]+, ).*(\).*\n)""")
OPTION = re.compile(rb"""(?<=.)(,\s*["']EX["'],\s*)[^,)\n]+""")
"""How a script in Lua sets a time to live."""


def ttl_dropped(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that keep an entry for ever."""
    for call in syntax.nodes(ast.Call):
        for keyword in call.keywords:
            if keyword.arg in TTL:
                yield syntax.change(keyword, syntax.without_argument(call, keyword))
        if isinstance(call.func, ast.Attribute) and called(call) in SETTING and len(call.args) > 1:
            end = syntax.end(call.func)
            name = Edit(end - len(called(call)), end, SETTING[called(call)])
            yield syntax.change(call, name, syntax.without_argument(call, call.args[1]))
    for node in syntax.nodes(ast.Expr):
        value = node.value.value if isinstance(node.value, ast.Await) else node.value
        if called(value) in {"expire", "pexpire"}:
            yield syntax.change(node, syntax.replaced(node, "pass"))
    for pattern in (EXPIRE, OPTION):
        yield from in_scripts(syntax, pattern, nothing, LUA)


def ttl_too_short(syntax: Syntax) -> Iterator[Change]:
    """Yield changes that keep an entry for one second."""
    for call in syntax.nodes(ast.Call):
        for keyword in call.keywords:
            if keyword.arg in SHORT:
                yield syntax.change(keyword, syntax.replaced(keyword.value, SHORT[keyword.arg]))
    yield from in_scripts(syntax, EXPIRE, lambda match: match[1] + b"1" + match[2], LUA)
    yield from in_scripts(syntax, OPTION, lambda match: match[1] + b"1", LUA)
