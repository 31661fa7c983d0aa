import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from processes import SERVICES, process
from serving import SECRET

from kit.errors import SetupError
from kit.service import StockService

KEY = {"Authorization": f"Bearer {SECRET}"}


def test_a_stock_service_listens_everywhere_but_its_control_port_at_one_address(tmp_path: Path) -> None:
    with process("kit.stock", "twin", cwd=tmp_path, ER_CONTROL_HOST="127.0.0.2") as started:
        (host, port), (control_host, control_port) = started.addresses(2)
        assert (host, control_host) == ("0.0.0.0", "127.0.0.2")  # noqa: S104
        for address in ("127.0.0.1", "127.0.0.2"):
            assert httpx2.get(f"http://{address}:{port}/", trust_env=False).json() == {"status": "ok"}
        told = httpx2.get(f"http://127.0.0.2:{control_port}/faults", headers=KEY, trust_env=False)
        assert told.status_code == 200
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", control_port))


def test_a_stock_service_stops_cleanly_although_a_request_hangs(tmp_path: Path) -> None:
    with process("kit.stock", "twin", cwd=tmp_path, ER_CONTROL_HOST="127.0.0.1") as started:
        (_, port), (_, control) = started.addresses(2)
        httpx2.post(f"http://127.0.0.1:{control}/faults", json={"kind": "hang"}, headers=KEY, trust_env=False)
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.get(f"http://127.0.0.1:{port}/", timeout=0.1, trust_env=False)
        hung = socket.create_connection(("127.0.0.1", port))
        hung.sendall(b"GET / HTTP/1.1\r\nHost: twin\r\n\r\n")
        started.stop(signal.SIGTERM)
        code, out, err = started.end()
        hung.close()
    assert (code, err) == (0, "")
    assert "Traceback" not in out


def test_a_stock_service_that_is_down_refuses_and_keeps_its_control_port(tmp_path: Path) -> None:
    with process("kit.stock", "twin", cwd=tmp_path, ER_CONTROL_HOST="127.0.0.1") as started:
        (_, port), (_, control) = started.addresses(2)
        faults = f"http://127.0.0.1:{control}/faults"
        httpx2.put(faults, json=[{"kind": "down"}], headers=KEY, trust_env=False)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        httpx2.put(faults, json=[], headers=KEY, trust_env=False)
        assert httpx2.get(f"http://127.0.0.1:{port}/", trust_env=False).json() == {"status": "ok"}
        httpx2.put(faults, json=[{"kind": "down"}], headers=KEY, trust_env=False)
        started.stop(signal.SIGTERM)
        assert started.end()[0] == 0, "also while it is down it stops when it is told to"


@pytest.mark.parametrize(("content", "complaint"), [(None, "cannot be read"), ("", "is empty"), ("\n", "is empty")])
def test_a_stock_service_without_a_secret_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, complaint: str
) -> None:
    secret = tmp_path / "no-secret"
    if content is not None:
        secret.write_text(content)
    monkeypatch.setenv("ER_SECRET_FILE", str(secret))
    with pytest.raises(SetupError, match=f"the run's secret {complaint}.*{secret}"):
        StockService("bakery")


def test_a_service_that_cannot_start_says_why_in_one_line(tmp_path: Path) -> None:
    with process("kit.stock", "twin", cwd=tmp_path, ER_SECRET_FILE=str(tmp_path / "none")) as started:
        code, out, err = started.end()
    assert (code, out) == (1, "")
    assert err.startswith("twin: the run's secret cannot be read: ")
    assert err.count("\n") == 1


def test_logs_are_one_json_object_per_line(tmp_path: Path) -> None:
    source = """
import logging
from kit.logs import configure_logs
configure_logs()
log = logging.getLogger("bakery")
log.debug("unseen")
log.info("%d loaves\\nof rye", 3, extra={"oven": 2, "level": "mine"})
logging.getLogger("httpx2").info("unseen")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("burnt")
"""
    environment = {**os.environ, "PYTHONPATH": str(SERVICES)}
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert set(first) == {"time", "level", "logger", "message", "oven"}
    assert set(second) == {"time", "level", "logger", "message", "exception"}
    assert (first["level"], first["logger"], first["message"]) == ("info", "bakery", "3 loaves\nof rye")
    assert first["time"].endswith("+00:00")
    assert (second["level"], second["message"]) == ("error", "burnt")
    assert second["exception"].startswith("Traceback")
    assert second["exception"].endswith("ZeroDivisionError: division by zero")
    assert done.stderr == ""


def test_modules_shared_with_the_load_generator_import_no_web_framework(tmp_path: Path) -> None:
    modules = "kit.receipts, kit.secret, kit.address, kit.logs, kit.telemetry"
    source = f"import sys, {modules}; sys.exit('fastapi' in sys.modules or 'uvicorn' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(SERVICES)}
    subprocess.run([sys.executable, "-c", source], cwd=tmp_path, env=environment, check=True, timeout=30)
