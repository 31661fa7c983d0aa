"""Queries that count since a moment, because counters of a live lab go on from play to play."""

import re

TOKENS = re.compile(
    r"""
      "[^"]*" | '[^']*'
    | \b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)
    | (?P<presence>\b(?:and|unless)\b)
    | \b(?:or|bool|group_left|group_right|sum|min|max|avg|count)\b
    | \b[a-z_]+\s*(?=\()
    | (?P<selector>(?P<metric>\b[a-zA-Z_:][a-zA-Z0-9_:]*)(?P<labels>\{(?:[^}"]|"[^"]*")*\})?(?P<range>\s*\[)?)
    """,
    re.VERBOSE,
)
"""The words of a PromQL query: strings, label lists, operators, functions and selectors."""

COUNTED = re.compile(r".*_(total|bucket)|load_promised|load_beyond_promise|audited_orders")
"""Metrics that only grow from play to play. The last three are exported as gauges."""

OWN = ("load_subject",)
"""Gauges that each play replaces."""


def since(query: str, moment: float) -> str:
    """Return a query whose counters began at zero at a moment, in seconds since 1970.

    A series that did not exist then counts whole.
    """

    def counted(found: re.Match[str]) -> str:
        selector = found["selector"]
        if not selector or found["range"] or not COUNTED.fullmatch(found["metric"]):
            return found[0]
        return f"({selector} - ({selector} @ {moment:.3f}) or {selector})"

    return TOKENS.sub(counted, query)


def repeats(query: str) -> bool:
    """Tell whether `since` gives a later play the value that a first one would have.

    Services restart a gauge only as its phase begins, so one of the whole run keeps its peak. Where a query asks
    whether a series is there at all, `and` finds those of earlier plays.
    """
    for found in TOKENS.finditer(query):
        if found["presence"] or found["range"]:
            return False
        metric, labels = found["metric"], found["labels"] or ""
        if metric and not COUNTED.fullmatch(metric) and metric not in OWN and "phase" not in labels:
            return False
    return True
