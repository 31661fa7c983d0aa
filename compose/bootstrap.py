"""Make the project's own Python environment, `.venv`, from `uv.lock`.

The system's Python stays unchanged. `--dev` adds the packages for developers. `--engine` also installs or starts the
Docker engine while a first environment is made, because both take long.

This module must be able to report a Python that is too old. So it uses only the standard library, and only syntax that
Python 3.6 can read.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 14)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OWN_PYTHON = VENV / "bin" / "python"
INPUTS = ("pyproject.toml", "uv.lock", "compose/bootstrap.py")
UV = "uv>=0.13,<0.14"


def find_python():  # noqa: ANN201 # old Pythons cannot read the annotation `str | None`
    """Return a Python that can run the project, or None.

    It is this one, or else the newest on the PATH.
    """
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    return next(filter(None, map(shutil.which, names)), None)


def fail(message: str, following: str) -> None:
    """End with a message and the next command."""
    sys.stderr.write(f"{message}\n  next: {following}\n")
    sys.exit(2)


def run(*command: str) -> str:
    """Run a step and return the output of a failure, else nothing."""
    environment = dict(os.environ, UV_PROJECT_ENVIRONMENT=str(VENV), UV_SYSTEM_CERTS="1", UV_PYTHON_DOWNLOADS="never")
    try:
        done = subprocess.run(
            command, cwd=str(ROOT), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
    except OSError as error:
        return str(error)
    return (done.stdout.decode(errors="replace") or "it printed nothing") if done.returncode else ""


def bring_uv(python: str, folder: str) -> str:
    """Return the path of a uv.

    It is the one on the PATH, else that of the environment. Without either, pip installs it in `folder`, which is
    temporary.
    """
    uv = shutil.which("uv") or str(VENV / "bin" / "uv")
    if Path(uv).exists():
        return uv
    said = run(python, "-m", "venv", folder)
    if said:
        fail(f"`{python} -m venv` failed:\n{said}", "apt install python3-venv, on Debian and Ubuntu")
    said = run(str(Path(folder, "bin", "python")), "-m", "pip", "install", "--quiet", UV)
    if said:
        fail(f"pip could not install uv:\n{said}", "make setup, when the package index answers")
    return str(Path(folder, "bin", "uv"))


def set_up(python: str, groups: "list[str]") -> None:
    """Make the environment, or update it to the lock file."""
    if run(str(OWN_PYTHON), "-c", "pass"):
        # Its Python is gone, so that uv could not use it.
        shutil.rmtree(str(VENV), ignore_errors=True)
    else:
        python = str(OWN_PYTHON)
    with tempfile.TemporaryDirectory() as folder:
        uv = bring_uv(python, folder)
        # Inexact, so that a learner's command removes no packages of a developer.
        said = run(uv, "sync", "--frozen", "--inexact", "--quiet", *groups, "--python", python)
    if said:
        fail(f"`uv sync` failed:\n{said}", "make setup, when the package index answers")


def main() -> None:
    """Set up the missing parts, one call at a time."""
    python = find_python()
    if python is None:
        here = f"{sys.version_info[0]}.{sys.version_info[1]} at `{sys.executable}`"
        fail(f"Pattern ER needs Python 3.11 to 3.14; this is {here}", "make PYTHON=/path/to/python3.13 TARGET")
    dev = "--dev" in sys.argv
    ready = [VENV / ".ready", *([VENV / ".ready-dev"] if dev else [])]
    with (ROOT / ".bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        newest = max((ROOT / name).stat().st_mtime for name in INPUTS)
        if ready[-1].exists() and ready[-1].stat().st_mtime >= newest:
            return
        started = time.time()
        sys.stdout.write("setting up Python in .venv ...\n")
        sys.stdout.flush()
        engine = None
        if "--engine" in sys.argv:
            engine = subprocess.Popen([python, "-m", "grader.engine"], cwd=str(ROOT))
        set_up(python, [] if dev else ["--no-dev"])
        for mark in ready:
            mark.touch()
        sys.stdout.write(f"set up Python in .venv in {time.time() - started:.0f} s\n")
        sys.stdout.flush()
        if engine is not None and engine.wait():
            sys.exit(engine.returncode)


if __name__ == "__main__":
    main()
