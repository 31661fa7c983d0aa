"""Exports: the metrics of load generator, kit and stock services.

They are read from the code.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

EXPORTERS = ("loadtests", "services")
"""The folders of the code that a patient cannot change, whose metrics alone are evidence."""

SUFFIXES = {"counter": ("_total",), "gauge": ("",), "HistogramMetricFamily": ("_bucket", "_count", "_sum")}
"""The suffixes that Prometheus appends to a metric's name, by the function that exports it."""


@cache
def exported_metrics(root: Path) -> frozenset[str]:
    """Return the metrics that the course exports, as queries name them."""
    modules = [path for folder in EXPORTERS for path in (root / folder).rglob("*.py")]
    return frozenset(metric for path in modules for metric in _metrics_of(path.read_text(encoding="utf-8")))


def _metrics_of(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(
                func=ast.Name(id=function) | ast.Attribute(attr=function), args=[ast.Constant(value=str(name)), *_]
            ):
                yield from (name + suffix for suffix in SUFFIXES.get(function, ()))
