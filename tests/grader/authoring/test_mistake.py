"""`er fix`: whole files from a mistake, and its patch from them."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.authoring.mistake import make_patch, write_out
from grader.base.errors import ErError
from grader.cli import er
from grader.course.course import Course, Lab
from grader.course.fixes import accepted, candidate_files, read_mistake, rejected

NAME, BASE = "plain-503", "accepted/token-bucket-lua"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A copy of lab 03 that a test may change."""
    return Lab(Path(shutil.copytree(Course.here().lab("03").path, tmp_path / "labs" / "03-rate-limiting")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


def replace(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


@pytest.mark.parametrize("original", Course.here().labs(), ids=lambda lab: lab.name)
def test_a_patch_made_from_whole_files_gives_the_same_files(original: Lab, tmp_path: Path) -> None:
    lab = Lab(Path(shutil.copytree(original.path, tmp_path / original.name)))
    for name in rejected(lab):
        before = candidate_files(lab, name)
        assert write_out(lab, name, tmp_path / name) == []
        make_patch(lab, name, tmp_path / name, None)
        assert candidate_files(lab, name) == before


def test_an_edit_changes_the_patch_and_neither_its_reason_nor_its_base(lab: Lab, folder: Path) -> None:
    before = read_mistake(lab, NAME)
    write_out(lab, NAME, folder)
    replace(folder / "gateway.py", "status_code=503)", "status_code=500)")
    make_patch(lab, NAME, folder, None)
    after = read_mistake(lab, NAME)
    assert (after.reason, after.base) == (before.reason, before.base)
    assert candidate_files(lab, NAME) == {"gateway.py": (folder / "gateway.py").read_text()}
    assert after.diff != before.diff


def test_a_new_patch_takes_the_given_base_or_the_smallest(lab: Lab, folder: Path) -> None:
    write_out(lab, "token-bucket-lua", folder)
    replace(folder / "gateway.py", "RATE, BURST = 10, 20", "RATE, BURST = 10, 30")
    patch = make_patch(lab, "bigger-burst", folder, None)
    assert (patch.base, patch.reason, patch.changed_lines) == (BASE, "", 1)
    on_starter = make_patch(lab, "bigger-burst", folder, "starter")
    assert on_starter.changed_lines > patch.changed_lines
    assert read_mistake(lab, "bigger-burst").base == "starter"


def test_a_changed_base_keeps_matching_hunks_and_writes_out_the_others(lab: Lab, folder: Path) -> None:
    base = accepted(lab)["token-bucket-lua"] / "gateway.py"
    replace(base, "Forward a tenant's request", "Forward a request")
    assert write_out(lab, NAME, folder) == []
    make_patch(lab, NAME, folder, None)
    assert "Forward a request" in candidate_files(lab, NAME)["gateway.py"]

    replace(base, "str(ceil(wait))", "str(1 + int(wait))")
    (left,) = write_out(lab, NAME, folder.with_name("again"))
    assert "status_code=503" in left.read_text()
    with pytest.raises(ErError, match="hunks that do not apply"):
        make_patch(lab, NAME, left.parent, None)
    left.unlink()
    replace(left.parent / "gateway.py", "status_code=429", "status_code=503")
    make_patch(lab, NAME, left.parent, None)
    assert "status_code=503" in candidate_files(lab, NAME)["gateway.py"]


def test_files_with_edits_are_not_overwritten(lab: Lab, folder: Path) -> None:
    write_out(lab, NAME, folder)
    assert write_out(lab, NAME, folder) == []
    replace(folder / "gateway.py", "status_code=503)", "status_code=500)")
    with pytest.raises(ErError, match="exists and differs"):
        write_out(lab, NAME, folder)
    assert "status_code=500" in (folder / "gateway.py").read_text()


@pytest.mark.parametrize(
    ("name", "base", "says"),
    [
        ("no-change", BASE, f"does not change `{BASE}`"),
        (
            "no-change",
            "accepted/other",
            "has no base `accepted/other`; it has `starter`, `accepted/sliding-window`",
        ),
        ("sliding-window", None, "`sliding-window` cannot name a mistake"),
        ("starter", None, "`starter` cannot name a mistake"),
        ("No Name", None, "`No Name` cannot name a mistake"),
    ],
)
def test_a_mistake_that_cannot_be_kept_is_refused(
    lab: Lab, folder: Path, name: str, base: str | None, says: str
) -> None:
    write_out(lab, "token-bucket-lua", folder)
    kept = rejected(lab)
    with pytest.raises(ErError, match=says):
        make_patch(lab, name, folder, base)
    assert rejected(lab) == kept


def test_all_mistakes_are_written_and_made_without_a_name(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    course = Course(lab.path.parents[1], lab.path.parents[1] / "work")
    monkeypatch.setenv("ER_COURSE", str(course.root))
    patches = {name: path.read_text() for name, path in rejected(lab).items()}
    written = CliRunner().invoke(er, ["fix", "03"], catch_exceptions=False).output
    folder = course.state / "fix" / lab.name
    assert f"wrote {folder / NAME}; edit, then: ./er fix 03 {NAME} --from {folder / NAME}" in written
    assert sorted(path.name for path in folder.iterdir()) == sorted(patches)
    made = CliRunner().invoke(er, ["fix", "03", "--from", str(folder)], catch_exceptions=False).output
    assert f"{NAME}.patch changes 2 lines of {BASE}" in made
    assert {name: path.read_text() for name, path in rejected(lab).items()} == patches


def test_an_accepted_fix_is_written_as_the_base_of_a_new_mistake(
    lab: Lab, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ER_COURSE", str(lab.path.parents[1]))
    written = CliRunner().invoke(er, ["fix", "03", "token-bucket-lua", "--to", str(folder)], catch_exceptions=False)
    assert written.output == f"wrote {folder}; edit, then: ./er fix 03 NEW-MISTAKE --from {folder}\n"
    replace(folder / "gateway.py", "status_code=503)", "status_code=500)")
    made = CliRunner().invoke(er, ["fix", "03", "other", "--from", str(folder)], catch_exceptions=False)
    assert made.output == f"other.patch changes 1 line of {BASE}\n"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--from", "a", "--to", "b"], "--from and --to exclude each other"),
        (["--on", "starter"], "--on needs --from"),
    ],
)
def test_options_of_fix_that_do_not_fit_are_refused(options: list[str], says: str) -> None:
    result = CliRunner().invoke(er, ["fix", "03", *options])
    assert (result.exit_code, says in result.output) == (2, True)
