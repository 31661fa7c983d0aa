"""The book: what was done about each order, by all services that keep it, in the one order in which it was done."""

import json
import os
from collections.abc import Iterator
from pathlib import Path


class Journal:
    """A file that the services of a lab share, and no patient has; without a file, nothing is kept.

    `BOOK` names it. Each entry is one append, so that entries of several services neither mix nor get lost.
    """

    def __init__(self) -> None:
        self._path = Path(os.environ["BOOK"]) if "BOOK" in os.environ else None
        self._read = 0

    def append(self, order: str, entry: str) -> None:
        """Write that `entry` (what was done) was done about an order, before anybody is told of it."""
        if self._path:
            line = json.dumps([order, entry]) + "\n"
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(file, line.encode())
            finally:
                os.close(file)

    def unread(self) -> Iterator[tuple[str, str]]:
        """Read on: each order and entry since the last reading."""
        if self._path and self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._read)
                for line in file:
                    if not line.endswith(b"\n"):
                        # It is being written.
                        break
                    self._read += len(line)
                    order, entry = json.loads(line)
                    yield order, entry
