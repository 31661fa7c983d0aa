import json
import signal
import socket
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from processes import Process, process

import kit.patient
from grader.engine import containers
from kit.patient import serve

APP = "from kit import create_app\napp = create_app()\n"


@pytest.fixture
def patient(tmp_path: Path) -> Path:
    folder = tmp_path / "patient"
    folder.mkdir()
    return folder


@pytest.fixture
def crash(patient: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that starts a failing patient.

    The function returns the standard error.
    """
    monkeypatch.chdir(patient)
    monkeypatch.syspath_prepend(patient)

    def run(source: str, target: str = "gateway:app") -> str:
        (patient / "gateway.py").write_text(source)
        before = set(sys.modules)
        try:
            assert serve(target) == 1
        finally:
            for name in set(sys.modules) - before:
                del sys.modules[name]
        return capsys.readouterr().err

    return run


def url(started: Process) -> str:
    return f"http://127.0.0.1:{started.addresses()[0][1]}"


def hang_a_request(started: Process, path: str) -> socket.socket:
    """Send a request, and wait until its handler prints `in`."""
    connection = socket.create_connection(("127.0.0.1", started.addresses()[0][1]))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: gateway\r\n\r\n".encode())
    assert connection.recv(2)
    return connection


def test_a_syntax_error_is_shown_and_ends_the_patient(patient: Path, crash: Callable[..., str]) -> None:
    err = crash("from kit import create_app\napp = create_app(\n")
    assert err == (
        f'  File "{patient}/gateway.py", line 2\n'
        "    app = create_app(\n"
        "                    ^\n"
        "SyntaxError: '(' was never closed\n"
    )


def test_a_crash_at_import_shows_the_learners_lines_only(patient: Path, crash: Callable[..., str]) -> None:
    err = crash("def limit():\n    return 1 / 0\n\nlimit()\n")
    lines = [line for line in err.splitlines() if "^" not in line and "~" not in line]
    assert lines == [
        "Traceback (most recent call last):",
        f'  File "{patient}/gateway.py", line 4, in <module>',
        "    limit()",
        f'  File "{patient}/gateway.py", line 2, in limit',
        "    return 1 / 0",
        "ZeroDivisionError: division by zero",
    ]


def test_a_crash_in_a_second_file_shows_the_way_there(patient: Path, crash: Callable[..., str]) -> None:
    (patient / "bucket.py").write_text("import no_such_library\n")
    err = crash("import bucket\n")
    assert [line for line in err.splitlines() if "File" in line] == [
        f'  File "{patient}/gateway.py", line 1, in <module>',
        f'  File "{patient}/bucket.py", line 1, in <module>',
    ]
    assert err.endswith("ModuleNotFoundError: No module named 'no_such_library'\n")


def test_a_crash_at_start_is_shown_like_one_at_import(patient: Path) -> None:
    (patient / "gateway.py").write_text(
        textwrap.dedent("""\
        from contextlib import asynccontextmanager
        from kit import create_app

        @asynccontextmanager
        async def lifespan(app):
            raise RuntimeError("no such script")
            yield

        app = create_app(lifespan=lifespan)
        """)
    )
    with process("kit.patient", "gateway:app", cwd=patient) as started:
        code, _, err = started.end()
    assert code == kit.patient.STARTUP_FAILED == containers.STARTUP_FAILED
    assert err.splitlines() == [
        "Traceback (most recent call last):",
        f'  File "{patient}/gateway.py", line 6, in lifespan',
        '    raise RuntimeError("no such script")',
        "RuntimeError: no such script",
    ]


def test_a_patient_that_cannot_start_ends_with_one(patient: Path) -> None:
    (patient / "gateway.py").write_text("1 / 0\n")
    with process("kit.patient", "gateway:app", cwd=patient) as started:
        code, out, err = started.end()
    assert (code, out) == (1, "")
    assert err.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize(
    ("source", "last_line"),
    [
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("application = 1", "AttributeError: module 'gateway' has no attribute 'app'"),
    ],
)
def test_a_file_without_an_app_ends_the_patient(crash: Callable[..., str], source: str, last_line: str) -> None:
    assert crash(source).splitlines()[-1] == last_line


def test_a_missing_file_is_named(crash: Callable[..., str]) -> None:
    err = crash("", target="gatewey:app")
    assert err == "ModuleNotFoundError: No module named 'gatewey'\n"


def test_a_patient_needs_no_secret_and_opens_no_second_port(patient: Path) -> None:
    (patient / "gateway.py").write_text(APP)
    with process("kit.patient", "gateway:app", cwd=patient, ER_SECRET_FILE=str(patient / "nowhere")) as started:
        assert httpx2.get(f"{url(started)}/healthz", trust_env=False).json() == {"status": "ok"}
        started.stop()
        code, out, err = started.end()
    assert (code, out, err) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_hanging_request_does_not_keep_a_patient_from_stopping_cleanly(patient: Path, number: signal.Signals) -> None:
    (patient / "gateway.py").write_text(
        APP
        + textwrap.dedent("""\
        import asyncio
        from contextlib import asynccontextmanager
        from starlette.responses import StreamingResponse

        @app.get("/hang")
        async def hang():
            async def body():
                yield "in"
                await asyncio.sleep(600)
            return StreamingResponse(body())
        """)
    )
    with process("kit.patient", "gateway:app", cwd=patient) as started:
        connection = hang_a_request(started, "/hang")
        started.stop(number)
        code, out, err = started.end()
        connection.close()
    assert (code, err) == (0, "")
    assert "Traceback" not in out


def test_a_patients_lifespan_closes_its_resources_when_it_stops(patient: Path) -> None:
    (patient / "gateway.py").write_text(
        textwrap.dedent("""\
        import logging
        from contextlib import asynccontextmanager
        from kit import create_app

        @asynccontextmanager
        async def lifespan(app):
            yield
            logging.getLogger("gateway").info("closed")

        app = create_app(lifespan=lifespan)
        """)
    )
    with process("kit.patient", "gateway:app", cwd=patient) as started:
        httpx2.get(f"{url(started)}/healthz", trust_env=False)
        started.stop()
        _, out, _ = started.end()
    assert json.loads(out)["message"] == "closed"


def test_a_handler_that_blocks_the_event_loop_cannot_keep_a_patient_alive(patient: Path) -> None:
    (patient / "gateway.py").write_text(
        APP
        + textwrap.dedent("""\
        import time

        @app.get("/block")
        async def block():
            print("blocked", flush=True)
            time.sleep(600)
        """)
    )
    with process("kit.patient", "gateway:app", cwd=patient) as started:
        connection = socket.create_connection(("127.0.0.1", started.addresses()[0][1]))
        connection.sendall(b"GET /block HTTP/1.1\r\nHost: gateway\r\n\r\n")
        started.wait_for_line()
        started.stop()
        code, _, _ = started.end()
        connection.close()
    assert code == 128 + signal.SIGALRM


def test_a_crash_in_the_learners_thread_ends_the_patient_with_its_traceback(patient: Path) -> None:
    (patient / "gateway.py").write_text(
        APP
        + textwrap.dedent("""\
        from threading import Thread

        def work():
            {}["order"]

        @app.get("/work")
        def begin():
            Thread(target=work, daemon=True).start()
        """)
    )
    with (
        process("kit.patient", "gateway:app", cwd=patient) as started,
        socket.create_connection(("127.0.0.1", started.addresses()[0][1])) as connection,
    ):
        connection.sendall(b"GET /work HTTP/1.1\r\nHost: gateway\r\n\r\n")
        code, _, err = started.end()
    assert code == 1
    assert err.splitlines()[1] == f'  File "{patient}/gateway.py", line 6, in work'
    assert err.splitlines()[-1] == "KeyError: 'order'"


def test_a_crash_in_a_librarys_thread_leaves_the_patient_alone(patient: Path) -> None:
    (patient / "gateway.py").write_text(
        APP + "from threading import Thread\nThread(target=int, args=['x'], daemon=True).start()\n"
    )
    with process("kit.patient", "gateway:app", cwd=patient) as started:
        assert httpx2.get(f"{url(started)}/healthz", trust_env=False).status_code == 200
        started.stop()
        code, _, err = started.end()
    assert code == 0
    assert "ValueError" in err


def test_a_handlers_error_is_one_json_line_from_the_learners_file_on(patient: Path) -> None:
    (patient / "gateway.py").write_text(
        APP + "@app.get('/quote')\nasync def quote():\n    raise KeyError('X-Tenant')\n"
    )
    with process("kit.patient", "gateway:app", cwd=patient) as started:
        assert httpx2.get(f"{url(started)}/quote", trust_env=False).status_code == 500
        started.stop()
        _, out, _ = started.end()
    (line,) = out.splitlines()
    told = json.loads(line)
    assert told["level"] == "error"
    assert told["exception"].splitlines()[1] == f'  File "{patient}/gateway.py", line 5, in quote'


def test_a_patient_gets_two_names_from_the_kit() -> None:
    assert kit.__all__ == ["KAFKA", "create_app"]
    assert all(hasattr(kit, name) for name in kit.__all__)
    assert not hasattr(kit, "StockService")


def test_a_reload_serves_the_changed_file_even_when_the_old_one_hangs(patient: Path) -> None:
    gateway = patient / "gateway.py"
    gateway.write_text(APP + "import time\n@app.get('/')\nasync def hang() -> None:\n    time.sleep(3600)\n")
    with process("kit.patient", "gateway:app", cwd=patient, ER_PORT="0") as started:
        port = started.addresses()[0][1]
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n")
            gateway.write_text(APP + "@app.get('/')\nasync def answer() -> str:\n    return 'new'\n")
            started.stop(signal.SIGHUP)
            assert httpx2.get(f"{url(started)}/", trust_env=False).json() == "new"


def test_a_reload_of_a_broken_file_ends_the_patient_with_its_traceback(patient: Path) -> None:
    gateway = patient / "gateway.py"
    gateway.write_text(APP)
    with process("kit.patient", "gateway:app", cwd=patient, ER_PORT="0") as started:
        started.addresses()
        gateway.write_text("def broken(:\n")
        started.stop(signal.SIGHUP)
        code, _, errors = started.end()
    assert code == 1
    assert "SyntaxError" in errors
