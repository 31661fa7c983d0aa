"""Run the `docker` command with a time limit and one clear error."""

import subprocess
from collections.abc import Mapping

from grader.base.environment import own_environment
from grader.base.errors import ErError

ADVICE = {
    "address pool": "docker network prune",
    "no space left on device": "docker system prune",
}
"""The next command, by a part of the engine's error."""


class DockerError(ErError):
    """A `docker` command that failed, with its `output`."""

    def __init__(self, command: str, output: str) -> None:
        run = next((advice for said, advice in ADVICE.items() if said in output), "./er doctor")
        super().__init__(f"`docker {command}` failed:\n{output.strip()}", run=run)
        self.output = output


def docker(*args: str, env: Mapping[str, str] | None = None, timeout: float = 30, stdin: str = "") -> str:
    """Run `docker` with these arguments and return its standard output.

    `env` adds to our own environment; `timeout` is in seconds; `stdin` is what the command can read. It runs in its own
    session, so that Ctrl-C reaches only this program, which then takes down what the command has begun. Raises
    DockerError when it fails, and ErError when the engine does not answer in time.
    """
    done = _run([*args], env or {}, timeout, stdin)
    if done.returncode:
        raise DockerError(" ".join(args[:6]), done.stderr or done.stdout)
    return done.stdout


def docker_logs(container: str, since: str, lines: int = 40) -> str:
    """Return the last lines of a container's output since a time.

    Standard error follows standard output.
    """
    done = _run(["logs", "--since", since, "--tail", str(lines), container], {}, 30)
    return done.stdout + done.stderr


def _run(
    args: list[str], env: Mapping[str, str], timeout: float, stdin: str = ""
) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            ["docker", *args],
            env=own_environment(**env),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            start_new_session=True,
            input=stdin,
        )
    except subprocess.TimeoutExpired as error:
        raise ErError(
            f"the engine did not answer `docker {args[0]}` within {timeout:.0f} s", run="./er doctor"
        ) from error
    except FileNotFoundError as error:
        raise ErError("the command `docker` was not found on the PATH", run="./er doctor") from error
