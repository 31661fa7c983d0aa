"""A submission that is certain to fail is refused at once, in the words of a whole grade."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from grader.base.errors import LearnerError
from grader.course.course import Course
from grader.grading import preflight as module
from grader.grading.grade import Grade
from grader.grading.preflight import IN_CONTAINER, preflight
from grader.grading.results import Verdict

COURSE = Course.here()
LAB, TWO_SERVICES = COURSE.lab("03"), COURSE.lab("07")
IMAGES = {"ER_PYTHON_IMAGE": "python:test"}
BROKEN = "async def quote(:\n    pass\n"
SAID = (
    '  File "/patient/gateway.py", line 1\n    async def quote(:\n                    ^\nSyntaxError: invalid syntax\n'
)
SHOWN = (
    '│   File "work/03-rate-limiting/gateway.py", line 1\n│     async def quote(:\n│                     ^\n'
    "│ SyntaxError: invalid syntax"
)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str]]:
    """Fake the container, which finds the error of BROKEN, and record its arguments and standard input."""
    calls: list[tuple[list[str], str]] = []

    def docker(*args: str, stdin: str) -> str:
        calls.append(([*args], stdin))
        return SAID if base64.b64decode(stdin).decode() == BROKEN else ""

    monkeypatch.setattr(module, "docker", docker)
    return calls


def put(folder: Path, **files: str) -> Path:
    for lab_file in folder.iterdir():
        lab_file.unlink()
    for stem, text in files.items():
        (folder / f"{stem}.py").write_text(text)
    return folder


def test_a_syntax_error_has_the_words_of_a_container_that_ended(
    tmp_path: Path, calls: list[tuple[list[str], str]]
) -> None:
    with pytest.raises(LearnerError) as raised:
        preflight(LAB, put(tmp_path, gateway=BROKEN), IMAGES)
    assert raised.value.what == f"`gateway-1` ended with exit code 1:\n{SHOWN}"
    ((arguments, _),) = calls
    assert arguments[-1] == "/patient/gateway.py"
    assert "python:test" in arguments
    assert {"--network=none", "--read-only", "--cap-drop=ALL", "--rm"} <= {*arguments}


def test_a_file_that_compiles_on_the_host_starts_no_container(
    tmp_path: Path, calls: list[tuple[list[str], str]]
) -> None:
    preflight(LAB, put(tmp_path, gateway="app = 1\n"), IMAGES)
    assert calls == []


def test_an_error_that_only_the_host_sees_fails_nobody(tmp_path: Path, calls: list[tuple[list[str], str]]) -> None:
    preflight(LAB, put(tmp_path, gateway="newer syntax than the host knows\n"), IMAGES)
    assert len(calls) == 1


@pytest.mark.parametrize("script", ["exit 1", "echo 'docker: no such image' >&2; exit 125", "exit 139"])
def test_a_container_that_fails_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    client = tmp_path / "bin" / "docker"
    client.parent.mkdir()
    client.write_text(f"#!/bin/sh\n{script}\n")
    client.chmod(0o755)
    monkeypatch.setenv("PATH", str(client.parent), prepend=":")
    (tmp_path / "mine").mkdir()
    preflight(LAB, put(tmp_path / "mine", gateway=BROKEN), IMAGES)


def test_the_service_that_starts_from_the_file_is_named(tmp_path: Path, calls: list[tuple[list[str], str]]) -> None:
    put(tmp_path, orders="app = 1\n", fulfilment=BROKEN)
    (tmp_path / "diagnosis.toml").write_text("a = 1\n")
    with pytest.raises(LearnerError, match="`fulfilment` ended with exit code 1"):
        preflight(TWO_SERVICES, tmp_path, IMAGES)
    assert len(calls) == 1


def test_a_file_that_no_service_starts_from_is_left_to_the_grade(
    tmp_path: Path, calls: list[tuple[list[str], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "served_modules", lambda _: {"gateway-1": "another"})
    preflight(LAB, put(tmp_path, gateway=BROKEN), IMAGES)
    assert calls == []


@pytest.mark.parametrize("text", ["(" * 5000, "-" * 60_000 + "1\n", "x = '\x00'\n"], ids=["deep", "long", "null"])
def test_a_file_that_strains_the_compiler_harms_only_its_own_process(
    tmp_path: Path, calls: list[tuple[list[str], str]], text: str
) -> None:
    preflight(LAB, put(tmp_path, gateway=text), IMAGES)
    assert len(calls) <= 1


def test_a_compilation_that_takes_too_long_is_left_to_the_grade(
    tmp_path: Path, calls: list[tuple[list[str], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ON_HOST", "import time; time.sleep(60)")
    monkeypatch.setattr(module, "LONGEST_SECONDS", 0.1)
    preflight(LAB, put(tmp_path, gateway=BROKEN), IMAGES)
    assert calls == []


def test_a_refused_submission_has_the_results_of_a_failed_grade(
    tmp_path: Path, calls: list[tuple[list[str], str]]
) -> None:
    results = Grade(COURSE, LAB, put(tmp_path, gateway=BROKEN), 7, IMAGES, lambda _: None).refused()
    assert results is not None
    assert (results.verdict, results.cause, results.next) == (
        Verdict.FAILED,
        f"`gateway-1` ended with exit code 1:\n{SHOWN}",
        None,
    )
    assert (results.attempts, results.checks) == ([], [])
    assert "+async def quote(:" in results.diff
    assert calls


def test_a_missing_file_is_refused_without_images(tmp_path: Path) -> None:
    results = Grade(COURSE, LAB, tmp_path, 7, {}, lambda _: None).refused()
    assert results is not None
    assert (results.verdict, results.cause) == (Verdict.FAILED, f"`{tmp_path}/gateway.py` is missing")


def test_a_right_submission_is_not_refused() -> None:
    assert Grade(COURSE, LAB, LAB.patient, 7, IMAGES, lambda _: None).refused() is None


@pytest.mark.parametrize(
    "text",
    ["async def f(:\n", "return 1\n", "x = '\\d'\ny = (1,\n", "if True:\nx = 1\n", "größe = 'ß' ß\n"],
    ids=["parser", "compiler", "after a warning", "indent", "wide"],
)
def test_the_container_says_what_a_patient_says_that_cannot_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.py"
    services = str(COURSE.root / "services")
    given = base64.b64encode(text.encode()).decode()

    def python(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=tmp_path,
            env={"PYTHONPATH": services, "PYTHONDONTWRITEBYTECODE": "1"},
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    compiled = python(IN_CONTAINER, str(path))
    served = python("import sys; from kit.patient import serve; sys.exit(serve('broken:app'))")
    assert (served.returncode, compiled.returncode) == (1, 0)
    assert compiled.stdout == served.stderr
    assert "SyntaxError" in compiled.stdout or "IndentationError" in compiled.stdout
