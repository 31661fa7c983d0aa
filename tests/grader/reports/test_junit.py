import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from results import HOSTILE, failed, inconclusive, passed

from grader.grading.results import Results
from grader.reports import junit


def written(tmp_path: Path, results: Results) -> ET.Element:
    junit.write(tmp_path / "junit.xml", {results.lab: junit.cases(results)})
    return ET.parse(tmp_path / "junit.xml").getroot()  # noqa: S314 # the program itself wrote it


def test_each_check_is_a_case_with_its_status(tmp_path: Path) -> None:
    suite = written(tmp_path, failed()).find("testsuite")
    assert suite is not None
    ended = {case.get("name"): [child.tag for child in case] for case in suite}
    assert ended == {"verdict": ["failure"], "served": ["failure"], "spared": [], "late": ["skipped"]}
    failure = suite.find("testcase[@name='served']/failure")
    assert failure is not None
    assert failure.get("message") == "50.0% (100 of 200), wanted ≥ 80%"
    assert failure.text == "served is said."


@pytest.mark.parametrize(
    ("results", "counts"),
    [
        (failed(), {"tests": "4", "failures": "2", "errors": "0", "skipped": "1"}),
        (passed(), {"tests": "2", "failures": "0", "errors": "0", "skipped": "0"}),
        (inconclusive(), {"tests": "1", "failures": "0", "errors": "1", "skipped": "0"}),
    ],
    ids=["failed", "passed", "inconclusive"],
)
def test_suite_and_root_count_their_cases(tmp_path: Path, results: Results, counts: dict[str, str]) -> None:
    root = written(tmp_path, results)
    suite = root.find("testsuite")
    assert suite is not None
    for element in (root, suite):
        assert {key: element.get(key) for key in counts} == counts
        assert float(element.get("time") or "") == pytest.approx(14.2)
    assert suite.get("name") == "03-rate-limiting"


def test_the_output_of_a_patient_stays_text(tmp_path: Path) -> None:
    root = written(tmp_path, failed(HOSTILE))
    assert [case.get("name") for case in root.iter("testcase")] == ["verdict", "served", "spared", "late"]
    text = (tmp_path / "junit.xml").read_text(encoding="utf-8")
    assert not set(text) & set("\x00\x07\x0b\x1b\u202e\ufffe")
