"""Make the project's own Python environment, `.venv`, from `uv.lock`; nothing goes into the system's Python.

Standard library only, and in words that Python 3.6 reads: it must be able to say that a Python is too old.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 14)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
READY = VENV / ".ready"
OWN_PYTHON = VENV / "bin" / "python"
INPUTS = ("pyproject.toml", "uv.lock", "compose/bootstrap.py")


def find_python():  # noqa: ANN201 # `str | None` is no annotation that old Pythons read
    """Return a Python that can run the project: this one, or another one on the PATH; None when there is none."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    return next(filter(None, map(shutil.which, names)), None)


def fail(message: str, following: str) -> None:
    """End with one message and what to run next."""
    sys.stderr.write(f"{message}\n  next: {following}\n")
    sys.exit(2)


def run(*command: str) -> str:
    """Run a step; return what it printed when it failed, otherwise nothing."""
    environment = dict(os.environ, UV_PROJECT_ENVIRONMENT=str(VENV), UV_SYSTEM_CERTS="1", UV_PYTHON_DOWNLOADS="never")
    done = subprocess.run(
        command, cwd=str(ROOT), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return (done.stdout.decode(errors="replace") or "it printed nothing") if done.returncode else ""


def bring_uv() -> str:
    """Return a uv: the one on the PATH, or else pip's in the project's environment."""
    uv = shutil.which("uv") or str(VENV / "bin" / "uv")
    if not Path(uv).exists():
        said = run(str(OWN_PYTHON), "-m", "pip", "install", "--quiet", "uv")
        if said:
            fail(f"pip could not bring uv:\n{said}", "make again, when the package index answers")
    return uv


def set_up(python: str) -> None:
    """Make the environment, or bring it up to date with the lock file."""
    if not OWN_PYTHON.exists() or run(str(OWN_PYTHON), "-c", "import pip"):
        shutil.rmtree(str(VENV), ignore_errors=True)
        said = run(python, "-m", "venv", str(VENV))
        if said:
            fail(f"`{python} -m venv` failed:\n{said}", "apt install python3-venv, on Debian and Ubuntu")
    # Inexact: it must not take away the uv that it may run from.
    said = run(bring_uv(), "sync", "--frozen", "--inexact", "--quiet", "--python", str(OWN_PYTHON))
    if said:
        fail(f"`uv sync` failed:\n{said}", "make again, when the package index answers")


def main() -> None:
    """Set up what is not there yet; two calls at the same time take turns."""
    python = find_python()
    if python is None:
        here = f"{sys.version_info[0]}.{sys.version_info[1]} at `{sys.executable}`"
        fail(f"Pattern ER needs Python 3.11 to 3.14; this is {here}", "make PYTHON=/path/to/python3.13 TARGET")
    with (ROOT / ".bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        newest = max((ROOT / name).stat().st_mtime for name in INPUTS)
        if READY.exists() and READY.stat().st_mtime >= newest:
            return
        started = time.time()
        sys.stdout.write("setting up Python in .venv ...\n")
        sys.stdout.flush()
        set_up(python)
        READY.touch()
        sys.stdout.write(f"set up Python in .venv in {time.time() - started:.0f} s\n")


if __name__ == "__main__":
    main()
