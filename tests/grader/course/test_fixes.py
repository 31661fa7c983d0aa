"""A fix, a folder or a patch, gives all edited files."""

import shutil
from pathlib import Path

import pytest

from grader.base.errors import ErError
from grader.course.course import Course, Lab
from grader.course.fixes import (
    STARTER,
    accepted,
    candidate_files,
    candidate_folder,
    candidates,
    chosen,
    read_mistake,
    rejected,
    without_reason,
)
from grader.course.patch import PatchError

HERE = Course.here()
LAB = HERE.lab("07")


def accepted_text(name: str, file: str) -> str:
    return (accepted(LAB)[name] / file).read_text()


@pytest.mark.parametrize("lab", HERE.labs(), ids=lambda lab: lab.name)
def test_every_candidate_of_every_lab_has_all_edited_files(lab: Lab) -> None:
    for name in candidates(lab):
        assert list(candidate_files(lab, name)) == sorted(lab.manifest.edit) or name not in rejected(lab)
        assert set(candidate_files(lab, name)) == set(lab.manifest.edit)


def test_an_accepted_fix_extends_another_fix_or_the_starter() -> None:
    files = candidate_files(LAB, "contrib")
    assert files["orders.py"] == accepted_text("contrib", "orders.py")
    assert files["fulfilment.py"] == accepted_text("by-hand", "fulfilment.py")


def test_a_rejected_fix_extends_its_base_without_the_bases_reason() -> None:
    files = candidate_files(LAB, "hard-coded-culprit")
    assert read_mistake(LAB, "hard-coded-culprit").base == "accepted/by-hand"
    assert files["orders.py"] == without_reason(accepted_text("by-hand", "orders.py"))
    assert accepted_text("by-hand", "orders.py").startswith("#")
    assert files["diagnosis.toml"] != without_reason(accepted_text("by-hand", "diagnosis.toml"))


def test_a_rejected_fix_says_why_it_tempts_and_shows_its_hunks() -> None:
    mistake = read_mistake(HERE.lab("03"), "one-bucket-for-all")
    assert mistake.reason
    assert mistake.diff.startswith("--- a/gateway.py\n+++ b/gateway.py\n@@ ")


def test_a_candidates_folder_holds_its_edited_files(tmp_path: Path) -> None:
    course = Course(tmp_path, tmp_path / "work")
    assert candidate_folder(course, LAB, STARTER) == LAB.patient
    folder = candidate_folder(course, LAB, "leaks-email")
    assert {path.name: path.read_text() for path in folder.iterdir()} == candidate_files(LAB, "leaks-email")
    assert folder.is_relative_to(course.state)


def test_candidates_are_chosen_by_name_from_all_labs() -> None:
    labs = [HERE.lab("03"), HERE.lab("04")]
    assert chosen(labs, ["timeout-only"]) == [(labs[1], "timeout-only")]
    assert chosen(labs, ["starter"]) == [(labs[0], "starter"), (labs[1], "starter")]
    assert [name for _, name in chosen([LAB], [])] == candidates(LAB)


def test_a_patch_that_does_not_apply_is_an_error_with_its_file(tmp_path: Path) -> None:
    lab = Lab(Path(shutil.copytree(LAB.path, tmp_path / LAB.name)))
    (lab.path / "fixes/accepted/by-hand/diagnosis.toml").write_text('group_by = ["carrier"]\n')
    with pytest.raises(PatchError) as caught:
        candidate_files(lab, "hard-coded-culprit")
    assert str(caught.value) == (
        "it does not apply to `accepted/by-hand`: patch failed: diagnosis.toml:1\n"
        f"  where: {rejected(lab)['hard-coded-culprit']}\n"
        "  next: ./er lint 07"
    )


def test_an_unknown_name_is_an_error_with_the_nearest_one() -> None:
    with pytest.raises(ErError, match="lab 07 has no fix `leak-email`; the nearest is `leaks-email`"):
        candidate_folder(HERE, LAB, "leak-email")
    with pytest.raises(ErError, match="the labs have no fix `leak-email`"):
        chosen(HERE.labs(), ["leak-email"])
