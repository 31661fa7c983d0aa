"""Any text is a valid manifest or one error with its file."""

import copy
import json
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from grader.base.errors import ErError
from grader.course.course import Course
from grader.course.manifest import Manifest, read_manifest

TEXT = (Course.here().lab("03").path / "lab.toml").read_text()
DOCUMENT = tomllib.loads(TEXT)
NUMBERS = (-1, 0, 1e308, float("nan"), float("inf"))
ODD: tuple[object, ...] = (None, True, *NUMBERS, "", "a b", "[", "../x", "\x00", [], [1], {}, {"x": 1})


def read(text: str) -> Manifest | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lab.toml"
        path.write_bytes(text.encode("utf-8", errors="surrogatepass"))
        try:
            return read_manifest(path)
        except ErError as error:
            said = str(error)
    assert str(path) in said
    return None


def places(document: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a document."""
    items: list[tuple[Any, object]] = []
    if isinstance(document, dict):
        items = list(document.items())
    elif isinstance(document, list):
        items = list(enumerate(document))
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


PLACES = list(places(DOCUMENT))


def toml(value: object) -> str:
    """Return a value as inline TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float):
        return {"nan": "nan", "inf": "inf", "-inf": "-inf"}.get(str(value), repr(value))
    return json.dumps(value)


def changed(path: tuple[Any, ...], change: str, odd: object) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    holder: Any = document
    for key in path[:-1]:
        holder = holder[key]
    if change == "delete" or (change == "replace" and odd is None):
        del holder[path[-1]]
    elif change == "replace":
        holder[path[-1]] = odd
    elif isinstance(holder, dict):
        holder[f"{path[-1]}x"] = holder.pop(path[-1])
    else:
        holder.append(holder[path[-1]])
    return document


def test_a_manifest_in_another_layout_is_the_same_lab() -> None:
    text = "".join(f"{key} = {toml(value)}\n" for key, value in DOCUMENT.items())
    assert read(text) == read(TEXT) is not None


@settings(max_examples=400)
@given(st.sampled_from(PLACES), st.sampled_from(["delete", "rename", "replace"]), st.sampled_from(ODD))
def test_a_changed_manifest_is_valid_or_one_error(path: tuple[Any, ...], change: str, odd: object) -> None:
    document = changed(path, change, odd)
    read("".join(f"{key} = {toml(value)}\n" for key, value in document.items()))


@settings(max_examples=200)
@given(st.integers(0, len(TEXT)), st.integers(0, 40), st.text(max_size=10))
def test_a_torn_manifest_is_valid_or_one_error(at: int, length: int, instead: str) -> None:
    read(TEXT[:at] + instead + TEXT[at + length :])


@settings(max_examples=200)
@given(st.text())
def test_any_text_is_valid_or_one_error(text: str) -> None:
    read(text)
