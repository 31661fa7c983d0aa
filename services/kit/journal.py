"""The journal: entries of several services about orders, in order of writing."""

import json
import os
from collections.abc import Iterator
from pathlib import Path


class Journal:
    """Append to and read a file that the stock services of a lab share.

    `BOOK` names the file, which no patient can reach. Without it nothing is kept. Each entry is one append, so that
    entries of several services neither mix nor get lost.
    """

    def __init__(self) -> None:
        self._path = Path(os.environ["BOOK"]) if "BOOK" in os.environ else None
        self._read = 0

    def append(self, order: str, entry: str) -> None:
        """Append an entry about an order.

        Call it before the answer is sent.
        """
        if self._path:
            line = json.dumps([order, entry]) + "\n"
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(file, line.encode())
            finally:
                os.close(file)

    def unread(self) -> Iterator[tuple[str, str]]:
        """Return each order and entry since the last call."""
        if self._path and self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._read)
                for line in file:
                    if not line.endswith(b"\n"):
                        # Another service is still writing this line.
                        break
                    self._read += len(line)
                    order, entry = json.loads(line)
                    yield order, entry
