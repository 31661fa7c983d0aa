"""Make a service's JSON log lines readable."""

import json

QUIET_LEVELS = ("debug", "info")


def readable(printed: str, patient: str) -> str:
    """Return log lines as text, without those of level debug and info.

    Exceptions keep their lines. `patient` is the folder in which the learner edits what containers see in `/patient`.
    """
    lines = []
    for line in printed.splitlines():
        record = _record(line)
        if record is None:
            lines.append(line)
        elif record.get("level") not in QUIET_LEVELS:
            lines.append(f"{record.get('level')}: {record.get('message')}")
            if exception := record.get("exception"):
                lines.append(str(exception))
    return "\n".join(lines).strip("\n").replace('"/patient/', f'"{patient}/')


def _record(line: str) -> dict[str, object] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and "message" in record else None
