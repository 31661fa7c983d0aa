import json

import pytest
from click.testing import CliRunner

from grader.base.errors import ErError
from grader.cli import er
from grader.course.calibration import read_calibration
from grader.course.catalog import read_catalog
from grader.course.course import Course
from grader.reports.triage import row, rows

COURSE = Course.here()
KEYS = list(read_catalog(COURSE).emergency)


def test_every_row_of_the_emergency_room_quotes_the_handbook() -> None:
    found = rows(COURSE)
    assert [one.key for one in found] == KEYS
    for one, emergency in zip(found, read_catalog(COURSE).emergency.values(), strict=True):
        assert one.immediate_fix.says == emergency.immediate_fix
        assert one.long_term_solution.says == emergency.long_term_solution
        assert one.time_to_relief == emergency.time_to_relief


@pytest.mark.parametrize("said", ["3", "cant-scale", "Can't scale", " can't SCALE "])
def test_a_symptom_is_found_by_its_number_its_key_and_its_name(said: str) -> None:
    assert row(COURSE, said).key == "cant-scale"


@pytest.mark.parametrize(
    ("said", "nearest"),
    [
        ("high-latensy", "high-latency"),
        ("users complain", "high-latency"),
        ("debuging", "debugging-nightmare"),
    ],
)
def test_a_misspelt_description_gets_the_nearest_symptom(said: str, nearest: str) -> None:
    with pytest.raises(ErError, match=rf"the nearest (is|are).* `{nearest}`"):
        row(COURSE, said)


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("cascade", "cascade-failures"),
        ("debugging", "debugging-nightmare"),
        ("It is slow!", "high-latency"),
        ("we see timeouts everywhere", "high-latency"),
        ("the last pair was sold twice", "data-conflicts"),
        ("wrong inventory", "data-conflicts"),
        ("customers paid and got nothing", "complex-workflows"),
        ("one service takes down all others", "cascade-failures"),
        ("CPU is at 100%", "cant-scale"),
    ],
)
def test_a_description_in_a_persons_own_words_finds_its_row(said: str, key: str) -> None:
    assert row(COURSE, said).key == key


def test_an_unknown_symptom_gets_the_list_of_all() -> None:
    with pytest.raises(ErError) as told:
        row(COURSE, "xyzzy")
    assert all(f"`{key}`" in told.value.what for key in KEYS)


def test_every_lab_has_figures_of_a_failing_starter_and_a_fix() -> None:
    for one in rows(COURSE):
        for lab in (*one.immediate_fix.labs, *one.long_term_solution.labs, *one.also):
            calibration = read_calibration(COURSE.lab(lab.lab))
            assert calibration is not None
            assert lab.measured
            for item in lab.measured:
                assert item.starter is not None, (lab.lab, item.check)
                assert item.right_fix is not None, (lab.lab, item.check)
                sides = [limit for limit in calibration.threshold if limit.check == item.check]
                assert not all(limit.holds(item.starter) for limit in sides), (lab.lab, item.check)
                assert all(limit.holds(item.right_fix) for limit in sides if limit.threshold == item.wanted)


def test_a_stopgap_has_a_command_and_the_checks_that_still_fail() -> None:
    (stopgap,) = row(COURSE, "cant-scale").immediate_fix.stopgaps
    assert stopgap.command == "./er break 03 quotes capacity factor=2"
    first = stopgap.measured[0]
    assert first.starter is not None
    assert first.with_stopgap is not None
    assert first.with_stopgap > first.starter
    assert "noisy-tenant-gets-its-limit" in stopgap.still_fails


def test_a_row_and_the_table_are_printed_as_json() -> None:
    run = CliRunner().invoke
    one = json.loads(run(er, ["triage", "--symptom", "high-latency", "--json"]).output)
    assert [found["key"] for found in one] == ["high-latency"]
    assert [found["key"] for found in json.loads(run(er, ["triage", "--json"]).output)] == KEYS
