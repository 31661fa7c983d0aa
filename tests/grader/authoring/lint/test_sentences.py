"""The sentences of a markdown text, each with its first line."""

import pytest

from grader.authoring.lint.sentences import sentences


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("One. Two!\nThree? Four", [(1, "One."), (1, "Two!"), (2, "Three?"), (2, "Four")]),
        ("One goes\non here. Two\nas well.", [(1, "One goes on here."), (2, "Two as well.")]),
        ("## 1. The symptom\nText.", [(1, "1. The symptom"), (2, "Text.")]),
        ("# Heading\nText.", [(1, "Heading"), (2, "Text.")]),
        ("- item\n  goes on\n- item", [(1, "item goes on"), (3, "item")]),
        ("1. first\n2. second", [(1, "first"), (2, "second")]),
        ("> quoted\n> again", [(1, "quoted"), (2, "again")]),
        ("| a | b |\n|---|---|\n| c d | e \\| f |", [(1, "a"), (1, "b"), (3, "c d"), (3, "e \\| f")]),
        ("Before\n```\ncode. Code\n```\nafter.", [(1, "Before"), (5, "after.")]),
        ("Run `er hint 03. Now` here.", [(1, "Run `x` here.")]),
        ("Run `make\nlab-03` here. Then\nthis.", [(1, "Run `x` here."), (2, "Then this.")]),
        ("See [the\nhandbook](docs/handbook.md). Then this.", [(1, "See the handbook."), (2, "Then this.")]),
        ("**One.** *Two.*", [(1, "One."), (1, "Two.")]),
        ("One.\n<!-- a note. -->\nTwo.", [(1, "One."), (3, "Two.")]),
        ("One, e.g. this, by Nishtala et al. in 2013, of N. Wirth. etcd is two.", [
            (1, "One, e.g. this, by Nishtala et al. in 2013, of N. Wirth."), (1, "etcd is two."),
        ]),
        ("It took 1.5 s.", [(1, "It took 1.5 s.")]),
        ("", []),
    ],
)  # fmt: skip
def test_sentences_are_those_that_a_reader_sees(text: str, seen: list[tuple[int, str]]) -> None:
    assert list(sentences(text)) == seen
