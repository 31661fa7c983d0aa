"""Counters of a live lab are read since the current play began."""

import pytest

from grader.course.course import Course
from grader.course.manifest import Check
from grader.evidence.prometheus import Evidence
from grader.evidence.since import repeats, since


def queries(check: Check) -> list[str]:
    return [getattr(check, field) for field in ("good", "total", "value") if hasattr(check, field)]


@pytest.mark.parametrize(
    ("query", "counted"),
    [
        ('sum(a_total{kind="b"})', 'sum((a_total{kind="b"} - (a_total{kind="b"} @ 7.000) or a_total{kind="b"}))'),
        ("sum by (kind) (a_total)", "sum by (kind) ((a_total - (a_total @ 7.000) or a_total))"),
        ("max(a_peak)", "max(a_peak)"),
        ("rate(a_total[5s])", "rate(a_total[5s])"),
        ('label_replace(a_peak, "x_total", "$1", "y", "(.*)")', 'label_replace(a_peak, "x_total", "$1", "y", "(.*)")'),
        ('sum(a_total{x=~"b{1}"})', 'sum((a_total{x=~"b{1}"} - (a_total{x=~"b{1}"} @ 7.000) or a_total{x=~"b{1}"}))'),
    ],
    ids=["a counter", "a counter by label", "a gauge", "a range", "a string", "braces in a label"],
)
def test_only_counters_are_counted_since_a_moment(query: str, counted: str) -> None:
    assert since(query, 7.0) == counted


def test_a_gauge_of_the_whole_run_and_a_test_for_presence_do_not_repeat() -> None:
    assert repeats('max(a_peak{phase="surge"}) + sum by (x) (b_total)')
    assert not repeats("max(a_peak)")
    assert not repeats("sum(a_total and on (service) b_total)")


def test_nearly_all_checks_of_the_course_repeat() -> None:
    checks = [check for lab in Course.here().labs() for check in lab.manifest.check]
    assert sum(all(map(repeats, queries(check))) for check in checks) > 0.9 * len(checks)


def test_the_harm_of_each_lab_repeats() -> None:
    assert [lab.name for lab in Course.here().labs() if not repeats(lab.manifest.symptom.harmed)] == []


def test_evidence_from_now_counts_since_the_time_of_prometheus(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(_: Evidence, path: str, parameters: dict[str, str]) -> dict[str, object]:
        asked.append(f"{path}: {parameters['query']}")
        return {"resultType": "scalar", "result": [0, "7"]}

    monkeypatch.setattr(Evidence, "_ask", answer)
    Evidence(1).from_now().value("sum(a_total)")
    assert asked == ["query: time()", "query: sum((a_total - (a_total @ 7.000) or a_total))"]
