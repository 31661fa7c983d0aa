"""All messages of a module are found, but not its docstrings."""

import pytest

from grader.authoring.lint.messages import messages


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('raise ErError("a lab", run="er list")', [(1, "a lab"), (1, "er list")]),
        ('\nraise ErError(f"lab {number} is {state!r}")', [(2, "lab x is x")]),
        ('raise ErError("one " "text")', [(1, "one text")]),
        ('raise ErError("a" if x else f"b{c}")', [(1, "a"), (1, "bx")]),
        ('"""A module."""\nX = 1\n"""An attribute."""', []),
        ('def f():\n    """Do it."""', []),
        ('class C:\n    """Be it."""', []),
        ('@click.command()\ndef f():\n    """Do it."""', [(3, "Do it.")]),
        ('@click.command(name="g")\ndef f():\n    """Do it."""\n    "no help"', [(1, "g"), (3, "Do it.")]),
        ('@click.group\ndef f():\n    """Do it."""', [(3, "Do it.")]),
        ('@cache\ndef f():\n    """Do it."""', []),
        ('@click.option("--x", help="Say it.")\ndef f(): ...', [(1, "--x"), (1, "Say it.")]),
    ],
)
def test_each_text_that_may_reach_a_screen_is_found(source: str, said: list[tuple[int, str]]) -> None:
    assert sorted(messages(source)) == said
