"""Commands that a store refused to a patient's account."""

from collections import Counter
from contextlib import suppress

from pydantic import BaseModel, TypeAdapter

from grader.base.errors import ErError
from grader.engine.docker import docker

PATIENT = "patient"
"""The account of a patient in Redis."""


class LogEntry(BaseModel):
    """One kind of refusal in the ACL log of Redis."""

    count: int
    reason: str
    object: str
    username: str


LOG = TypeAdapter(list[LogEntry])


def redis_command(words: str) -> tuple[str, ...]:
    """Return the `docker exec` words, after the container, of a Redis command as the owner of the store."""
    return ("sh", "-c", f'REDISCLI_AUTH="$(cat /run/secrets/control)" redis-cli --user er --json {words}')


def refused_by_redis(container: str) -> dict[str, int]:
    """Return the commands that Redis refused to the patient, with counts.

    Redis forgets them when it restarts. Empty when it does not answer, because they are advice and decide nothing.
    """
    with suppress(ErError, ValueError):
        return count_refused(docker("exec", container, *redis_command("ACL LOG"), timeout=5))
    return {}


def count_refused(log: str) -> dict[str, int]:
    """Count the patient's refused commands in an ACL log, which is JSON.

    Raises ValueError when it is not such a log.
    """
    counts: Counter[str] = Counter()
    for entry in LOG.validate_json(log):
        if (entry.reason, entry.username) == ("command", PATIENT):
            counts[entry.object.replace("|", " ").upper()] += entry.count
    return dict(counts)
