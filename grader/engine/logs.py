"""What a service printed, made readable: JSON log lines as text, with their tracebacks as they were."""

import json

QUIET_LEVELS = ("debug", "info")


def readable(printed: str) -> str:
    """Return the lines that matter to who looks for a fault: no information, exceptions on lines of their own."""
    lines = []
    for line in printed.splitlines():
        record = _record(line)
        if record is None:
            lines.append(line)
        elif record.get("level") not in QUIET_LEVELS:
            lines.append(f"{record.get('level')}: {record.get('message')}")
            if exception := record.get("exception"):
                lines.append(str(exception))
    return "\n".join(lines).strip("\n")


def _record(line: str) -> dict[str, object] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and "message" in record else None
