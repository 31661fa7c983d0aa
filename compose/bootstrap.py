"""Make the project's own Python environment, `.venv`, from `uv.lock`.

The system's Python stays unchanged. `--dev` adds the packages for developers. `--engine` also installs or starts the
Docker engine while a first environment is made, because both take long.

This module must be able to report a Python that is too old. So it uses only the standard library, and only syntax that
Python 3.6 can read.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

INDEX = re.compile(
    "(PIP|UV)_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|CERT|PROXY|TRUSTED_HOST|CONFIG_FILE|CACHE_DIR|"
    "NO_CACHE_DIR|NATIVE_TLS|KEYRING_PROVIDER|INSECURE_HOST)$"
)
"""The user's settings of pip and uv that may pass: how a package index is reached. Others would change what is made."""

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


def own_environment():  # noqa: ANN201 # old Pythons cannot read the annotation `dict[str, str]`
    """Return the environment without settings of Python, pip and uv, except those in INDEX."""
    foreign = ("PYTHON", "PIP_", "UV_", "VIRTUAL_ENV", "CONDA_", "PIPX_", "POETRY_", "__PYVENV_LAUNCHER__")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign) or INDEX.match(name)}


def usable():  # noqa: ANN201 # as above
    """Tell whether the environment was made for this checkout, and its Python still runs.

    A copied or moved environment belongs to another checkout.
    """
    try:
        made_for = (VENV / ".ready").read_text()
    except OSError:
        return False
    return made_for.strip() == str(ROOT) and not run(str(OWN_PYTHON), "-I", "-c", "pass")


def run(*command: str) -> str:
    """Run a step and return the output of a failure, else nothing."""
    environment = own_environment()
    environment.update(UV_PROJECT_ENVIRONMENT=str(VENV), UV_SYSTEM_CERTS="1", UV_PYTHON_DOWNLOADS="never")
    # Otherwise a user's pip.conf may send packages elsewhere.
    environment.update(PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0")
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
    """Make the environment, or update a usable one to the lock file."""
    if usable():
        python = str(OWN_PYTHON)
    else:
        shutil.rmtree(str(VENV), ignore_errors=True)
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
        if ready[-1].exists() and ready[-1].stat().st_mtime >= newest and usable():
            return
        started = time.time()
        sys.stdout.write("setting up Python in .venv ...\n")
        sys.stdout.flush()
        engine = None
        if "--engine" in sys.argv:
            engine = subprocess.Popen([python, "-m", "grader.engine"], cwd=str(ROOT), env=own_environment())
        set_up(python, [] if dev else ["--no-dev"])
        for mark in ready:
            mark.write_text(str(ROOT) + "\n")
        sys.stdout.write(f"set up Python in .venv in {time.time() - started:.0f} s\n")
        sys.stdout.flush()
        if engine is not None and engine.wait():
            sys.exit(engine.returncode)


if __name__ == "__main__":
    main()
