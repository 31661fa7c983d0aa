"""Leaks: customers' e-mail addresses in what patients send, and where they stand."""

import json
import re
from collections import Counter
from collections.abc import Iterator

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ADDRESS = re.compile(rb"[\w.+-](?:@|%40)mail\.example")
"""The end of a customer's e-mail address, also within a URL, unless it is masked.

All addresses have one domain, so that binary data does not match by chance.
"""

MOST_PLACES = 50
LONGEST_KEY = 64

ELSEWHERE = "elsewhere"
"""The key of an address that stands nowhere in particular, and of all addresses once there are MOST_PLACES."""


class Leaks:
    """Count addresses by patient, place (`span` or `log`) and key."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter({("", "span", ELSEWHERE): 0, ("", "log", ELSEWHERE): 0})

    def note_spans(self, patient: str, body: bytes) -> None:
        """Count the addresses in an ExportTraceServiceRequest, whether or not it is valid."""
        self._note(patient, "span", body, _in_spans(body))

    def note_lines(self, patient: str, body: bytes) -> None:
        """Count the addresses in JSON log lines, whether or not they are valid."""
        self._note(patient, "log", body, _in_lines(body))

    def _note(self, patient: str, place: str, body: bytes, keys: Iterator[str]) -> None:
        # Most bodies have no address, and need not be taken apart.
        left = len(ADDRESS.findall(body))
        for key in keys if left else ():
            self._count(patient, place, key)
            left -= 1
        for _ in range(left):
            self._count(patient, place, ELSEWHERE)

    def _count(self, patient: str, place: str, key: str) -> None:
        where = patient, place, key[:LONGEST_KEY]
        known = where in self.counts or len(self.counts) < MOST_PLACES
        self.counts[where if known else ("", place, ELSEWHERE)] += 1


def _in_lines(body: bytes) -> Iterator[str]:
    """Yield the key of each address in log lines."""
    for line in body.splitlines():
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            continue
        for key, value in said.items() if isinstance(said, dict) else ():
            yield from [key] * len(ADDRESS.findall(json.dumps(value).encode()))


def _in_spans(body: bytes) -> Iterator[str]:
    """Yield the key of the attribute, or else the name of the field, of each address in spans."""
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError:
        return
    for resource in request.resource_spans:
        yield from _in_attributes(resource.resource)
        for span in (span for scope in resource.scope_spans for span in scope.spans):
            yield from ["name"] * len(ADDRESS.findall(span.name.encode()))
            yield from ["status"] * len(ADDRESS.findall(span.status.message.encode()))
            yield from _in_attributes(span)
            for event in span.events:
                yield from ["event"] * len(ADDRESS.findall(event.name.encode()))
                yield from _in_attributes(event)


def _in_attributes(owner: Message) -> Iterator[str]:
    for attribute in owner.attributes:  # type: ignore[attr-defined] # resources, spans and events have them
        yield from [attribute.key] * len(ADDRESS.findall(attribute.value.SerializeToString()))
