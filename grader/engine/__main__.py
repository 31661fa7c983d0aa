"""Make sure that an engine runs, with the standard library only.

`compose/bootstrap.py` calls it as `python -m grader.engine` while it makes the Python environment.
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
    """Ask a question at the terminal, and tell whether it is confirmed."""
    return input(f"{question} [y/N]: ").strip().lower() in ("y", "yes")


def main() -> None:
    """Make sure that an engine runs, or end with exit code 2."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    try:
        ensure_engine(Course.here(), say, agree if terminal else None)
    except ErError as error:
        sys.stderr.write(f"er: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
