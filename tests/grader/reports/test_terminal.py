"""A grade on the terminal: checks, verdict and next command."""

import pytest
from results import check, failed, inconclusive, passed, refused
from rich.console import Console

from grader.evidence.checks import State
from grader.grading.results import Results
from grader.reports.terminal import next_step, show


def shown(results: Results) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        show(console, results)
    return capture.get()


def test_a_grade_shows_measured_and_wanted_values_and_the_failed_claim() -> None:
    text = shown(failed("why"))
    assert "50.0% (100 of 200)" in text
    assert "≥ 80%" in text
    assert "✗ served  served is said." in text
    assert "FAILED  (03-rate-limiting, 14 s, seed 7)\nIn this incident, 51 customers paid and got nothing.\nwhy" in text


def test_a_grade_that_harmed_nobody_says_nothing_of_harm() -> None:
    assert "In this incident" not in shown(passed())


def test_an_unclear_check_never_looks_like_a_failed_one() -> None:
    results = failed().model_copy(update={"checks": [check("served", State.UNCLEAR), check("spared", State.HOLDS)]})
    assert "✗" not in shown(results)
    assert "? served  served is said." in shown(results)


def test_an_unclear_check_is_not_listed_beside_a_failed_one() -> None:
    results = failed().model_copy(update={"checks": [check("served", State.FAILS), check("spared", State.UNCLEAR)]})
    assert "? spared" not in shown(results)


def test_the_parts_of_a_failed_check_are_shown_and_never_act_as_markup() -> None:
    leaked = check("leaks", State.FAILS)
    leaked.findings[0].parts = {"key=[bold]mail, place=span": 12}
    assert "12: key=[bold]mail, place=span" in shown(failed().model_copy(update={"checks": [leaked]}))


def test_a_check_that_was_reached_in_part_says_what_is_known() -> None:
    part = check("served", State.NOT_REACHED)
    part.findings[0].state = State.HOLDS
    shown_part = shown(failed().model_copy(update={"checks": [part, check("spared", State.NOT_REACHED)]}))
    assert "holds so far" in shown_part
    assert "not reached" in shown_part


def test_the_output_of_a_patient_never_acts_as_markup_on_a_terminal() -> None:
    assert "[bold]PASSED[/bold]" in shown(failed("it printed [bold]PASSED[/bold]"))


def test_a_grade_shows_the_commands_that_a_store_refused() -> None:
    text = shown(refused())
    assert "Redis refused `KEYS`, 13 times: the account" in text
    assert "Redis refused `CONFIG GET`, 1 time: the account" in text


@pytest.mark.parametrize(
    ("results", "command"),
    [
        (passed(), "./er list"),
        (failed(), "./er hint 03"),
        (inconclusive(), "./er doctor && make grade-03"),
        (failed("why").model_copy(update={"next": "docker network prune"}), "docker network prune"),
    ],
    ids=["passed", "failed", "inconclusive", "a cause with a command of its own"],
)
def test_each_verdict_names_the_next_command(results: Results, command: str) -> None:
    assert next_step(results) == command
