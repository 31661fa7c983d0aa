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
"""What the logging module and the server themselves write into records; the rest is what `extra` has said."""


class JsonFormatter(logging.Formatter):
    """Write a record as one line of JSON: time (UTC), level, logger, message, what `extra` says, and any exception."""

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
    """Send what is logged at INFO and above to standard output, but not what libraries say of each request.

    Where LOGS_URL is set, each line goes there as well.
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
    # A request that a stop cancels is no error of its handler.
    return not (record.exc_info and isinstance(record.exc_info[1], CancelledError))
