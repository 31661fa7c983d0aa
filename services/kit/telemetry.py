"""Telemetry: metrics of OpenTelemetry's SDK in Prometheus' text format."""

from collections.abc import Callable, Iterator, Mapping

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import (
    AlwaysOffExemplarFilter,
    Counter,
    Histogram,
    MeterProvider,
    ObservableCounter,
    ObservableGauge,
    UpDownCounter,
)
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

SERIES = 1_000_000
"""A limit that no run reaches, because the SDK merges all series beyond its limit (default 2,000) into one."""

Values = Mapping[tuple[str, ...], float]
"""Numbers by the values of their labels."""


class Telemetry:
    """Hold the metrics of one service: `provider` records, `exposition` exports."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        reader = PrometheusMetricReader(
            disable_target_info=True,
            scope_info_enabled=False,
            registry=self._registry,
            cardinality_limits=dict.fromkeys(
                (Counter, Histogram, ObservableCounter, ObservableGauge, UpDownCounter), SERIES
            ),
        )
        self.provider = MeterProvider(
            metric_readers=[reader],
            resource=Resource.get_empty(),
            exemplar_filter=AlwaysOffExemplarFilter(),
            shutdown_on_exit=False,
        )
        self._meter = self.provider.get_meter("kit")

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def counter(self, name: str, says: str, labels: tuple[str, ...], read: Callable[[], Values]) -> None:
        """Export the counts that `read` returns as `<name>_total`."""
        self._meter.create_observable_counter(name, [_observer(labels, read)], description=says)

    def gauge(self, name: str, says: str, labels: tuple[str, ...], read: Callable[[], Values]) -> None:
        """Export the values that `read` returns as `<name>`."""
        self._meter.create_observable_gauge(name, [_observer(labels, read)], description=says)


def _observer(
    labels: tuple[str, ...], read: Callable[[], Values]
) -> Callable[[CallbackOptions], Iterator[Observation]]:
    def observe(_: CallbackOptions) -> Iterator[Observation]:
        for values, number in list(read().items()):
            yield Observation(number, dict(zip(labels, values, strict=True)))

    return observe
