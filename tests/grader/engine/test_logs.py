import json

import pytest

from grader.engine import logs


def readable(printed: str) -> str:
    return logs.readable(printed, "work/03-rate-limiting")


def line(level: str, message: str, **more: str) -> str:
    return json.dumps({"time": "2026-11-26T10:00:00+00:00", "level": level, "logger": "x", "message": message, **more})


@pytest.mark.parametrize("level", ["debug", "info"])
def test_lines_below_a_warning_are_left_out(level: str) -> None:
    assert readable(f"{line(level, 'serving')}\n{line('warning', 'late')}\n") == "warning: late"


@pytest.mark.parametrize("level", ["warning", "error", "critical"])
def test_a_warning_or_error_is_one_line_with_its_level(level: str) -> None:
    assert readable(line(level, "no more stock")) == f"{level}: no more stock"


def test_an_exception_is_shown_as_python_prints_it() -> None:
    exception = 'Traceback (most recent call last):\n  File "/patient/app.py", line 1\nValueError: x'
    assert readable(line("error", "failed", exception=exception)) == f"error: failed\n{exception}".replace(
        "/patient/", "work/03-rate-limiting/"
    )


def test_a_traceback_names_the_file_that_the_learner_edits() -> None:
    said = readable('  File "/patient/gateway.py", line 38, in quote\n  File "/opt/venv/lib/x.py", line 1')
    assert said == '  File "work/03-rate-limiting/gateway.py", line 38, in quote\n  File "/opt/venv/lib/x.py", line 1'


def test_lines_that_are_not_from_the_log_stay_unchanged() -> None:
    printed = '  File "/opt/app.py", line 1\n    def broken(:\nSyntaxError: invalid syntax'
    assert readable(f"\n{printed}\n\n") == printed


@pytest.mark.parametrize("odd", ["{", "[1]", "7", "null", '{"level": "info"}', "[" * 100_000])
def test_json_that_is_not_a_log_line_stays_unchanged(odd: str) -> None:
    assert readable(odd) == odd
