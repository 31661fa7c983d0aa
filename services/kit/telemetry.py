"""Metrics: OpenTelemetry instruments, shown in Prometheus' text format."""

from functools import cache

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_registry = CollectorRegistry()


@cache
def provider() -> MeterProvider:
    """Return the process' meter provider; its only reader is `exposition`."""
    reader = PrometheusMetricReader(disable_target_info=True, scope_info_enabled=False, registry=_registry)
    return MeterProvider(metric_readers=[reader], resource=Resource.get_empty(), shutdown_on_exit=False)


def meter() -> Meter:
    """Return the meter of the kit's own instruments."""
    return provider().get_meter("pattern-er")


def exposition() -> bytes:
    """Return all metrics in Prometheus' text format."""
    return generate_latest(_registry)
