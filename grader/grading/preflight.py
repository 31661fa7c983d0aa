"""Preflight: find what fails a submission without playing the incident.

A missing file needs no engine, and a syntax error needs no slot.
"""

import base64
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from grader.base.environment import own_environment
from grader.base.errors import ErError, LearnerError
from grader.base.sanitize import quoted
from grader.course.compose_file import served_modules
from grader.course.course import Lab
from grader.course.delivery import read_submission
from grader.engine.docker import docker
from grader.engine.images import variable
from grader.engine.logs import readable

LONGEST_SECONDS = 10
"""How long a file may take to compile."""

ON_HOST = "import sys; compile(sys.stdin.buffer.read(), '', 'exec', dont_inherit=True)"

# The file is on disk too, because Python reads the line of some errors from there.
IN_CONTAINER = """
import base64, io, pathlib, sys
from kit.tracebacks import print_own_part
path, source = sys.argv[1], base64.b64decode(sys.stdin.read())
pathlib.Path(path).write_bytes(source)
sys.stderr = said = io.StringIO()
try:
    compile(source, path, "exec", dont_inherit=True)
except SyntaxError as error:
    print_own_part(error)
    print(said.getvalue(), end="")
"""

CONFINED = (
    "--rm", "--interactive", "--pull=never", "--network=none", "--read-only", "--tmpfs=/patient:size=1m,mode=1777",
    "--workdir=/patient", "--user=10001:10001", "--cap-drop=ALL", "--security-opt=no-new-privileges",
    "--pids-limit=32", "--memory=160m", "--memory-swap=160m", "--cpus=1",
)  # fmt: skip
"""Options of the container that compiles a file. Nothing of the file is run."""


def preflight(lab: Lab, source: Path, images: Mapping[str, str]) -> None:
    """Raise LearnerError when a submission is certain to fail, in the words of a whole grade.

    Files are missing or refused, or a service's own file does not compile. The host only suspects a syntax error: its
    Python may be older than that of the containers, which confirm the error and word it. An edited file that no service
    starts from is not certain to be imported, so the grade finds out.
    """
    submission = read_submission(lab, source)
    contents = {name: submission.content(name) for name in lab.manifest.edit}
    suspects = {name for name, content in contents.items() if name.endswith(".py") and not _compiles_here(content)}
    if not suspects:
        return
    first: dict[str, str] = {}
    for service, module in sorted(served_modules(lab.path / "compose.yaml").items()):
        first.setdefault(f"{module}.py", service)
    for name, service in first.items():
        if name in suspects and (said := _said_in_container(name, contents[name], images[variable("python")])):
            quote = quoted(readable(said, f"work/{lab.name}"))
            raise LearnerError(f"`{service}` ended with exit code 1:\n{quote}")


def _compiles_here(source: bytes) -> bool:
    """Tell whether a file compiles on the host.

    This runs in a process of its own, because some files crash Python's compiler.
    """
    command = [sys.executable, "-I", "-c", ON_HOST]
    try:
        done = subprocess.run(
            command, input=source, env=own_environment(), capture_output=True, check=False, timeout=LONGEST_SECONDS
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode == 0


def _said_in_container(name: str, source: bytes, image: str) -> str:
    """Return what Python says in a container about a file that does not compile.

    Empty when the file compiles, or when this cannot be told: then the grade finds out.
    """
    command = ("timeout", f"{LONGEST_SECONDS}", "python", "-P", "-c", IN_CONTAINER, f"/patient/{name}")
    # Base64, because not every locale can pass each character on.
    given = base64.b64encode(source).decode()
    with suppress(ErError):
        return docker("run", *CONFINED, image, *command, stdin=given)
    return ""
