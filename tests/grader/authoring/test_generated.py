"""Generated parts follow the manifest, and `er lint --fix` writes them."""

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.authoring.generated import WIDTH, in_brief, parts, refreshed, write_parts
from grader.cli import er
from grader.course.course import Course, Lab
from grader.course.fixes import read_mistake, rejected

HERE = Course.here()


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(Path(shutil.copytree(HERE.lab("03").path, tmp_path / "labs" / HERE.lab("03").name)))


def part(lab: Lab, name: str) -> str:
    return refreshed(lab, f"<!-- generated: {name} -->\n<!-- end -->\n")


def test_a_brief_names_the_edited_files_as_the_only_graded_ones() -> None:
    assert part(HERE.lab("03"), "change") == (
        "<!-- generated: change -->\n"
        "Edit `work/03-rate-limiting/gateway.py` at the `TODO`. Only this file is graded. "
        "On a terminal, a saved edit is live\nwithin 2 s.\n"
        "<!-- end -->\n"
    )
    several = " ".join(part(HERE.lab("07"), "change").split())
    assert "`work/07-observability/fulfilment.py` and `work/07-observability/diagnosis.toml` at each `TODO`." in several
    assert "Only these files are graded." in several


def test_the_contract_is_the_promises_in_order_one_item_each() -> None:
    for lab in HERE.labs():
        _, *lines, _ = part(lab, "contract").splitlines()
        assert all(len(line) <= WIDTH for line in lines)
        items = re.split(r"(?m)^- ", "\n".join(lines))[1:]
        assert [" ".join(item.split()) for item in items] == [promise.says for promise in lab.manifest.promise]


def test_the_table_has_the_checks_of_the_manifest() -> None:
    for lab in HERE.labs():
        rows = [line for line in part(lab, "graded").splitlines() if line.startswith("| ")]
        assert rows[1:] == [f"| {check.name} | {check.says} |" for check in lab.manifest.check]


def test_a_brief_explains_receipts_only_if_its_lab_checks_them() -> None:
    explaining = [lab for lab in HERE.labs() if "A *receipt* is" in " ".join(part(lab, "graded").split())]
    assert explaining == [lab for lab in HERE.labs() if lab.manifest.unreceipted is None]
    assert explaining != HERE.labs()


def test_the_milestones_are_numbered_with_the_checks_that_hold_then() -> None:
    lab = HERE.lab("05")
    _, *lines, _ = part(lab, "milestones").splitlines()
    assert all(len(line) <= WIDTH for line in lines)
    introduction, *items = re.split(r"(?m)^\d\. ", "\n".join(lines))
    assert "one after the other" in introduction
    for item, milestone in zip(items, lab.manifest.milestone, strict=True):
        told, _, then = " ".join(item.split()).rpartition(" Then ")
        assert told == milestone.says
        assert re.findall("`([^`]+)`", then) == milestone.checks
        assert then.endswith(" holds." if len(milestone.checks) == 1 else " hold.")


def test_a_brief_has_milestones_only_if_its_lab_has_them() -> None:
    for lab in HERE.labs():
        brief = (lab.path / "README.md").read_text()
        has_them = bool(lab.manifest.milestone)
        assert ("milestones" in in_brief(lab), "<!-- generated: milestones -->" in brief) == (has_them, has_them)


def test_the_level_is_named_with_its_thresholds() -> None:
    told = " ".join(part(HERE.lab("03"), "graded").split())
    assert (
        f"You pass when every check holds. The level of a pass is the share of {HERE.lab('03').manifest.level.says}."
        in told
    )
    assert told.endswith("Below 90 % it is Good, from 90 % Great, and from 95 % Elite. <!-- end -->")


def test_a_brief_names_drawn_faults_only_if_there_are_any() -> None:
    saying = [lab.number for lab in HERE.labs() if "details of the faults" in part(lab, "graded")]
    assert saying == ["07"]


def test_a_debrief_shows_a_mistake_as_its_patch_has_it() -> None:
    lab = HERE.lab("03")
    patch = read_mistake(lab, "one-bucket-for-all")
    text = part(lab, "mistake one-bucket-for-all")
    assert f"\n```diff\n{patch.diff.rstrip()}\n```\n<!-- end -->\n" in text
    told = " ".join(text.split())
    assert " ".join(patch.reason.split()) in told
    assert "It changes the accepted fix `token-bucket-lua` as follows:" in told
    assert "It changes the starter as follows:" in " ".join(part(lab, "mistake fixed-window").split())


def test_a_missing_or_unreadable_mistake_generates_nothing(lab: Lab) -> None:
    rejected(lab)["one-bucket-for-all"].write_text("no patch")
    for name in ("none", "sliding-window", "one-bucket-for-all"):
        assert parts_of(lab, f"<!-- generated: mistake {name} -->\n<!-- end -->") == {f"mistake {name}": None}


def test_each_debrief_shows_two_or_three_mistakes_with_a_sentence_before_each() -> None:
    for lab in HERE.labs():
        text = (lab.path / "debrief.md").read_text()
        shown = re.findall(r"(?m)^(.+)\n\n<!-- generated: mistake (.+) -->$", text)
        assert len(shown) in (2, 3), lab.name
        assert all(f"`{name}`" in introduction for introduction, name in shown)


def test_text_around_a_part_and_unknown_parts_stay_unchanged(lab: Lab) -> None:
    text = (
        "Before.\n\n<!-- generated: stuck -->\nstale\n<!-- end -->\n\nAfter.\n<!-- generated: x -->\nx\n<!-- end -->\n"
    )
    fresh = refreshed(lab, text)
    assert fresh == text.replace("stale\n", parts_of(lab, text)["stuck"] or "")
    assert parts_of(lab, text)["x"] is None
    assert refreshed(lab, fresh) == fresh


def parts_of(lab: Lab, text: str) -> dict[str, str | None]:
    return {part.name: part.wanted for part in parts(lab, text)}


def test_outdated_parts_are_renewed_in_every_markdown_file(lab: Lab) -> None:
    assert write_parts(lab) == []
    hints = lab.path / "hints.md"
    hints.write_text(hints.read_text() + "\n<!-- generated: stuck -->\n<!-- end -->\n")
    assert write_parts(lab) == [hints]
    assert "`./er reset 03`" in hints.read_text()


def test_lint_with_fix_writes_the_generated_parts(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ER_COURSE", str(lab.path.parents[1]))
    brief = lab.path / "README.md"
    good = brief.read_text()
    brief.write_text(good.replace("gives one hint at a time", "helps"))
    shutil.copyfile(HERE.root / "labs" / "catalog.toml", lab.path.parent / "catalog.toml")
    shutil.copytree(HERE.root / "docs", lab.path.parents[1] / "docs")
    before = CliRunner().invoke(er, ["lint", "03"])
    assert f"{lab.name}/README.md" in before.output
    assert brief.read_text() != good
    after = CliRunner().invoke(er, ["lint", "03", "--fix"])
    assert after.output.startswith(f"wrote labs/{lab.name}/README.md\n")
    assert brief.read_text() == good
