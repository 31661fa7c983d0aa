"""Make sure of an engine before the program's own packages are there: with the standard library alone.

Called by `compose/bootstrap.py` as `python -m grader.engine`, beside the making of the Python environment.
"""

import sys

from grader.base.errors import ErError
from grader.course.course import Course
from grader.engine.daemon import ensure_engine


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def agree(question: str) -> bool:
    """Ask a question at the terminal; only a yes is one."""
    return input(f"{question} [y/N]: ").strip().lower() in ("y", "yes")


def main() -> None:
    """Make sure of the engine; end with one message and exit code 2 when there is none."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    try:
        ensure_engine(Course.here(), say, agree if terminal else None)
    except ErError as error:
        sys.stderr.write(f"er: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
