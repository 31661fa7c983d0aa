"""Logs: one JSON object per line on standard output."""

import json
import logging
import os
import sys
import traceback
from asyncio import CancelledError
from datetime import UTC, datetime

from kit.tracebacks import own_part

OF_EVERY_RECORD = {*vars(logging.makeLogRecord({})), "message", "asctime", "color_message"}
"""The attributes that logging and the server set on every record; the others come from `extra`."""


class JsonFormatter(logging.Formatter):
    """Format a record as one line of JSON.

    It holds time (UTC), level, logger, message, the fields of `extra`, and any exception.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        line = {
            **{key: value for key, value in vars(record).items() if key not in OF_EVERY_RECORD},
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage().strip(),
        }
        if record.exc_info and record.exc_info[1]:
            kind, error, frames = record.exc_info
            line["exception"] = "".join(traceback.format_exception(kind, error, own_part(frames) or frames)).strip()
        return json.dumps(line, default=str)


def configure_logs() -> None:
    """Send log lines at INFO and above to standard output.

    They also go to LOGS_URL if it is set. Libraries that log each request are limited to WARNING.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stdout)]
    if url := os.environ.get("LOGS_URL"):
        from kit.shipper import Shipper  # noqa: PLC0415 # the load generator, whose client is another, wants logs too

        handlers.append(Shipper(url))
    for handler in handlers:
        handler.setFormatter(JsonFormatter())
        handler.addFilter(_is_no_cancellation)
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    for chatty in ("uvicorn", "httpx2", "httpcore2", "kafka"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    # A handler does not fail when a stop cancels its request.
    return not (record.exc_info and isinstance(record.exc_info[1], CancelledError))
