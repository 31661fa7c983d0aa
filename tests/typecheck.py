"""Check the types of all files in one run of mypy.

mypy knows a file by its module's name. Many labs have a `checkout.py`, so this program names these modules by their
paths.
"""

import sys
from pathlib import Path

from mypy import build
from mypy.errors import CompileError
from mypy.main import process_options
from mypy.modulefinder import BuildSource

ROOT = Path(__file__).parents[1]
CLASHING = (
    "labs/*/patient/*.py",
    "labs/*/fixes/accepted/*/*.py",
    "labs/*/locustfile.py",
    "tests/*/**/conftest.py",
)


def main() -> int:
    """Print all errors and return the exit code."""
    sources, options = process_options([])
    for path in sorted(path.relative_to(ROOT) for pattern in CLASHING for path in ROOT.glob(pattern)):
        sources.append(BuildSource(str(path), ".".join(path.with_suffix("").parts)))
    try:
        errors = build.build(sources, options).errors
    except CompileError as error:
        errors = error.messages
    print("\n".join([*errors, f"mypy: {len(sources)} files read, {len(errors)} lines of errors"]))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
