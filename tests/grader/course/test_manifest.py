"""A manifest is valid, or one error names file and key."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.base.errors import ErError
from grader.course.course import Course
from grader.course.manifest import FaultToDraw, Manifest, read_manifest
from grader.course.receipt_check import SAYS

LAB_03 = Course.here().lab("03").path / "lab.toml"


def edited(tmp_path: Path, pattern: str, replacement: str) -> Path:
    text, count = re.subn(pattern, replacement, LAB_03.read_text(), count=1, flags=re.MULTILINE)
    assert count == 1
    path = tmp_path / "lab.toml"
    path.write_text(text)
    return path


def test_every_lab_of_the_course_has_a_manifest() -> None:
    for lab in Course.here().labs():
        assert isinstance(lab.manifest, Manifest)


def test_a_lab_has_the_check_of_receipts_unless_it_says_why_not(tmp_path: Path) -> None:
    *_, last = read_manifest(LAB_03).check
    assert (last.name, last.kind, last.max) == ("answers-are-real", "exact", 0)
    assert "the receipt that quotes issued" in last.says
    *_, last = read_manifest(edited(tmp_path, r"^receipts = .*$", "")).check
    assert last.says == SAYS
    without = edited(tmp_path, r"^receipts = .*$", 'unreceipted = "nobody answers"')
    without.write_text(without.read_text().replace('"answers-are-real", ', "").replace(', "answers-are-real"]', "]"))
    assert "answers-are-real" not in {check.name for check in read_manifest(without).check}


@pytest.mark.parametrize(
    ("pattern", "replacement", "said"),
    [
        (r"^title =", "titel =", r"`titel`: unknown key; the nearest is `title`"),
        (r"^seconds =", "secnds =", r"`phase\[0\]\.secnds`: unknown key; the nearest is `seconds`"),
        (r"^total =", "totl =", r"`check\[0\]\.totl`: unknown key; the nearest is `total`"),
        (r"^blurb = .*$", "", r"`blurb`: Field required"),
        (r'^phase = \["surge"', 'phase = ["surgee"', r"unknown phase `surgee`; the nearest is `surge`"),
        (
            r"fails = \[",
            'fails = ["polit-tenants-served", ',
            r"unknown check `polit-tenants-served`; the nearest is",
        ),
        (
            r"^\[level\]",
            '[[milestone]]\nsays = "Count them."\nchecks = ["polite-tenant-served"]\n[level]',
            r"unknown check `polite-tenant-served`; the nearest is `polite-tenants-served`",
        ),
        (
            r"^\[level\]",
            '[[milestone]]\nsay = "Count them."\nchecks = ["polite-tenants-served"]\n[level]',
            r"`milestone\[5\]\.say`: unknown key; the nearest is `says`",
        ),
        (r'^kind = "share"', 'kind = "ratio"', r"`check\[0\]`: .*'share', 'exact', 'measure'"),
        (r"^min = 0.8", "min = 80", r"`check\[0\]\.min`: Input should be less than or equal to 1"),
        (r"^min = 0.8", "", r"`check\[0\]`: a check needs `min`, `max` or both"),
        (r'^name = "surge"', 'name = "steady"', r"two phases have the name `steady`"),
        (r'^users = "polite"', 'users = "polyte"', r"unknown user kind `polyte`; the nearest is `polite`"),
        (r"^harm = .*$", "", r"`symptom\.harm`: Field required"),
        (r"^harm = .*$", 'harm = "Many waited."', r"`symptom\.harm`: String should match pattern"),
        (r"^harmed = ", "harmd = ", r"`symptom\.harmd`: unknown key; the nearest is `harmed`"),
        (r"^edit = .*$", 'edit = ["../quotes.py"]', r"`edit` must hold names of files"),
        (r"^format = 1", "format = 1\nformat = 1", r"is not valid TOML: Cannot overwrite a value \(at line 3"),
        (r"^seconds = .*$", "seconds = 0", r"`phase\[0\]\.seconds`: Input should be greater than 0"),
        (r"^receipts = .*$", "receipts = 1", r":\n  `receipts`: Input should be a valid string\n  next"),
        (r"^receipts =", 'unreceipted = "nobody answers"\nreceipts =', r"`receipts` or `unreceipted`, not both"),
        (r'^name = "no-double-burst"', 'name = "answers-are-real"', r"two checks have the name `answers-are-real`"),
    ],
)
def test_a_wrong_manifest_is_one_error_with_file_and_key(
    tmp_path: Path, pattern: str, replacement: str, said: str
) -> None:
    path = edited(tmp_path, pattern, replacement)
    with pytest.raises(ErError, match=said) as caught:
        read_manifest(path)
    assert str(path) in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary())
def test_any_bytes_give_a_manifest_or_a_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lab.toml"
    path.write_bytes(content)
    with pytest.raises(ErError, match=r"lab\.toml"):
        read_manifest(path)


def test_a_missing_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ErError, match="cannot read"):
        read_manifest(tmp_path / "lab.toml")


@pytest.mark.parametrize(
    ("replicas", "said"),
    [
        ('[["gateway-1", "gateway-1"]]', "`replicas` names `gateway-1` twice"),
        ('[["gateway-1"]]', r"`replicas\[0\]`: List should have at least 2 items"),
        ('[["quotes", "gateway-1"]]', "the query of `[a-z-]+` names `quotes`, but the seed exchanges the names"),
    ],
)
def test_replicas_are_several_and_no_query_names_one(tmp_path: Path, replicas: str, said: str) -> None:
    with pytest.raises(ErError, match=said):
        read_manifest(edited(tmp_path, r"^minutes", f"replicas = {replicas}\nminutes"))


def test_the_harm_query_names_no_replica_either(tmp_path: Path) -> None:
    path = edited(tmp_path, r"^minutes", 'replicas = [["gateway-1", "gateway-2"]]\nminutes')
    path.write_text(path.read_text().replace("harmed = '''\n", "harmed = '''\n0 * sum(x{service=\"gateway-1\"}) + "))
    with pytest.raises(ErError, match="the query of `symptom` names `gateway-1`"):
        read_manifest(path)


@pytest.mark.parametrize(
    ("harm", "count", "said"),
    [
        ("customers paid and got nothing", 51.0, "51 customers paid and got nothing"),
        ("customers paid and got nothing", 1.2, "1 customer paid and got nothing"),
        ("orders were lost", 1.0, "1 order was lost"),
        ("orders were lost", 2.0, "2 orders were lost"),
        ("orders were lost", 0.4, None),
        ("orders were lost", -3.0, None),
        ("orders were lost", None, None),
    ],
)
def test_a_harm_is_said_with_its_count_only_when_there_is_one(harm: str, count: float | None, said: str | None) -> None:
    symptom = read_manifest(LAB_03).symptom.model_copy(update={"harm": harm})
    assert symptom.says(count) == said


def test_added_faults_are_in_every_phase() -> None:
    manifest = Course.here().lab("02").manifest
    more = [FaultToDraw(service="payments", kind="capacity")]
    phases = zip(manifest.phase, manifest.with_faults(more).phase, strict=True)
    assert all(then.faults == [*now.faults, *more] for now, then in phases)
    assert any(phase.faults for phase in manifest.phase)


def test_a_fix_without_an_expectation_must_pass() -> None:
    assert Course.here().lab("03").manifest.expectation("token-bucket-lua").fails == []
