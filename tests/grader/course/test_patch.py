"""A patch is read, applied and made, whatever git's configuration."""

import subprocess
from pathlib import Path

import pytest

from grader.course.patch import Patch, PatchError, diff

BASE = {"a.py": "".join(f"line{number} = {number}\n" for number in range(20)), "b.toml": "x = 1\n"}
WRONG = {**BASE, "a.py": BASE["a.py"].replace("line5 = 5\n", "line5 = 6\nline5b = 7\n").replace("line15 = 15\n", "")}


def patch(reason: str = "It looks right.\nIt is not.") -> Patch:
    return Patch(reason, "accepted/by-hand", diff(BASE, WRONG))


def test_a_patch_is_read_as_it_was_written() -> None:
    assert Patch.parse(patch().text) == patch()
    assert Patch.parse(patch("").text) == patch("")


def test_a_patch_counts_its_files_and_changed_lines() -> None:
    assert patch().files == ["a.py"]
    assert patch().changed_lines == 3


def test_an_applied_patch_gives_the_files_it_was_made_from() -> None:
    assert patch().applied(BASE) == WRONG


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a = 1\n", "a = 1"),
        ("a = 1", "a = 1\n"),
        ("a = 1\r\nb = 2\r\n", "a = 1\r\nb = 3\r\n"),
        ("a = 1  \n\n\nb = 2\n", "a = 1  \n\n\n\tb = 3 \n"),
        ("-- old\n", "++ new\n"),
        ("ä\n", "ö\n"),
        ("a = 1\n", ""),
    ],
)
def test_no_byte_is_lost_on_the_way(before: str, after: str) -> None:
    made = Patch("", "starter", diff({"a.py": before}, {"a.py": after}))
    assert Patch.parse(made.text).applied({"a.py": before}) == {"a.py": after}


def test_the_same_files_have_no_diff() -> None:
    assert diff(BASE, BASE) == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no diff follows"),
        ("Why.\n\nBase: starter\n", "no diff follows"),
        ("Why.\n\nBase: starter\n\n--- a/a.py\n@@ -1 +1 @@\n", "no diff follows"),
        ("Why.\n\n--- a/a.py\n+++ b/a.py\n", "0 lines `Base:"),
        ("Base: starter\nBase: starter\n\n--- a/a.py\n+++ b/a.py\n", "2 lines `Base:"),
    ],
)
def test_an_incomplete_patch_is_an_error_with_the_missing_part(text: str, says: str) -> None:
    with pytest.raises(PatchError, match=says):
        Patch.parse(text)


def test_a_hunk_that_does_not_fit_is_an_error_with_its_place() -> None:
    changed = {**BASE, "a.py": BASE["a.py"].replace("line5 = 5", "line5 = 55")}
    with pytest.raises(PatchError, match=r"a\.py:3"):
        patch().applied(changed)


def test_hunks_that_do_not_fit_are_kept_beside_the_file() -> None:
    # One hunk has lost its own line, the other one only the outer lines of its context.
    changed = {**BASE, "a.py": BASE["a.py"].replace("line5 = 5", "line5 = 55").replace("line13 = 13", "line13 = 14")}
    files = patch().applied_in_part(changed)
    assert "line15" not in files["a.py"]
    assert "line5 = 55" in files["a.py"]
    assert "+line5b = 7" in files["a.py.rej"]


def test_a_repository_around_the_folder_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True, timeout=30)
    for key, value in (("core.autocrlf", "true"), ("apply.whitespace", "fix"), ("diff.noprefix", "true")):
        subprocess.run(["git", "-C", str(tmp_path), "config", key, value], check=True, timeout=30)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    wrong = {**WRONG, "b.toml": "x = 1 \n"}
    made = Patch("", "starter", diff(BASE, wrong))
    assert made.diff.startswith("--- a/a.py\n+++ b/a.py\n")
    assert made.applied({**BASE, "c.py": ""}) == {**wrong, "c.py": ""}
