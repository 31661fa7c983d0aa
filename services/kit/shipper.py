"""Log shipper: a thread that sends log lines to a collector."""

import logging
import threading
import time
from contextlib import suppress
from queue import Full, Queue

import httpx2

MOST_WAITING = 1000
"""Lines beyond this are dropped, because losing a log line is better than losing the service."""

MOST_AT_ONCE = 100
TOGETHER_SECONDS = 0.2
SECONDS = 1.0


class Shipper(logging.Handler):
    """Send log lines by POST in batches.

    Drop them when the collector does not answer.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._lines: Queue[str] = Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record's line over to the thread."""
        # Started at the first line, because a fork would not copy the thread.
        if self._thread is None:
            self._thread = threading.Thread(target=self._ship, name="shipping", daemon=True)
            self._thread.start()
        with suppress(Full):
            self._lines.put_nowait(self.format(record))

    def _ship(self) -> None:
        with httpx2.Client(timeout=SECONDS, trust_env=False) as client:
            while True:
                lines = [self._lines.get()]
                time.sleep(TOGETHER_SECONDS)
                while not self._lines.empty() and len(lines) < MOST_AT_ONCE:
                    lines.append(self._lines.get_nowait())
                with suppress(httpx2.TransportError):
                    client.post(self._url, content="\n".join(lines))
