from pathlib import Path

import pytest
from results import HOSTILE, failed, inconclusive, passed

from grader.reports.summary import append, markdown


def test_the_summary_has_verdict_level_and_a_row_for_each_check() -> None:
    text = markdown(passed())
    assert text.startswith("### 03\\-rate\\-limiting: ✅ passed, Elite: 97.0% (polite requests in time)\n")
    assert "| served | 50.0% \\(100 of 200\\) | ≥ 80% | ✅ holds |" in text
    assert "`./er grade 03 --seed 7`" in text


def test_the_summary_says_whom_the_incident_harmed_if_anybody() -> None:
    assert ": ❌ failed\n\nIn this incident, 51 customers paid and got nothing.\n\n| check" in markdown(failed())
    assert "In this incident" not in markdown(passed())


def test_a_grade_without_a_verdict_shows_its_cause() -> None:
    assert "⚠️ inconclusive" in markdown(inconclusive())
    assert "```text\nthis machine was too busy\n```" in markdown(inconclusive())


def test_the_output_of_a_patient_cannot_leave_its_block() -> None:
    text = markdown(failed(HOSTILE))
    before, fence, rest = text.partition("\n`````text\n")
    block, end, _ = rest.partition("\n`````\n")
    assert fence
    assert end
    assert "# PASSED" in block
    assert "`````" not in block
    assert "owned" not in before
    assert not set(text) & set("\x00\x07\x0b\x1b\u202e\ufffe")


def test_a_hostile_name_stays_text_in_its_cell() -> None:
    results = failed().model_copy(update={"lab": "03-<img src=x>|[a](b)`c`\n# d"})
    assert "### 03\\-\\<img src=x\\>\\|\\[a\\]\\(b\\)\\`c\\` \\# d: " in markdown(results)


def test_the_summary_is_appended_if_the_job_has_a_file_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "summary"
    path.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    append(passed())
    assert path.read_text().startswith("before\n### 03")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    append(passed())
    assert path.read_text().count("###") == 1
