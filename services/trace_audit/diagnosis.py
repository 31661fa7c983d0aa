"""Diagnosis: the learner's query for what failed orders have in common."""

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from trace_audit.otlp import Span, text_of

MOST_KEYS = 8
GroupKey = tuple[str, ...]


@dataclass(frozen=True)
class Diagnosis:
    """Select spans (`where`) and group them by `status`, `service`, `name` or attributes."""

    where: dict[str, str]
    group_by: tuple[str, ...]

    def groups(self, spans: Iterable[Span]) -> set[GroupKey]:
        """Return the groups of the selected spans that have all keys of `group_by`."""
        found = set()
        for span in spans:
            told = {**span.attributes, "service": span.service, "name": span.name, "status": status(span)}
            if all(told.get(key) == value for key, value in self.where.items()) and told.keys() >= {*self.group_by}:
                found.add(tuple(told[key] for key in self.group_by))
        return found


def status(span: Span) -> str:
    """Return a span's status in one word."""
    return "error" if span.failed else "ok"


def read_diagnosis(path: Path) -> Diagnosis | None:
    """Return the query of a `diagnosis.toml`, or None when it is missing or not valid."""
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


# Cached because it is read again and again, and rarely changes.
@lru_cache(maxsize=1)
def _parsed(text: str) -> Diagnosis | None:
    document = tomllib.loads(text)
    where, group_by = dict(document["where"]), list(document["group_by"])
    if not group_by or len(where) > MOST_KEYS or len(group_by) > MOST_KEYS:
        return None
    return Diagnosis({str(key): text_of(value) for key, value in where.items()}, tuple(map(str, group_by)))


class QueryResult:
    """Compare the query's groups in one phase with the failed orders."""

    def __init__(self) -> None:
        self.found: Counter[GroupKey] = Counter()
        self.failed: Counter[GroupKey] = Counter()

    @property
    def right(self) -> bool:
        """Tell whether the query's top group names the carrier and region of the culprit.

        The group must hold more than half of all found spans, and at least half as many as the culprit's failures.
        A random query does neither.
        """
        if not self.found or not self.failed:
            return False
        (top, count), (culprit, failures) = self.found.most_common(1)[0], self.failed.most_common(1)[0]
        return set(culprit) <= set(top) and 2 * count > self.found.total() and 2 * count >= failures
