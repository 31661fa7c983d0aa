"""A fingerprint stands for names and contents, and for nothing else."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from grader.base.fingerprint import LENGTH, fingerprint, read_files

CONTENTS = st.lists(st.tuples(st.text(max_size=4), st.binary(max_size=4)), max_size=4)


@given(CONTENTS, CONTENTS)
def test_only_equal_contents_have_one_fingerprint(one: list[tuple[str, bytes]], other: list[tuple[str, bytes]]) -> None:
    assert (fingerprint(one) == fingerprint(other)) is (one == other)
    assert len(fingerprint(one)) == LENGTH


def test_files_are_read_below_folders_in_one_order(tmp_path: Path) -> None:
    for name in ("b/c.txt", "b/a.txt", "a.txt", "left.md", "b/__pycache__/a.pyc"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(name)
    found = read_files(tmp_path, ("b", "a.txt", "left.md", "missing"), left_out=lambda path: path.suffix == ".md")
    assert list(found) == [("b/a.txt", b"b/a.txt"), ("b/c.txt", b"b/c.txt"), ("a.txt", b"a.txt")]
