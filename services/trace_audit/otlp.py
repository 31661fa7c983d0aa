"""OTLP over HTTP: spans as the SDKs of patients send them."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent
from opentelemetry.proto.trace.v1.trace_pb2 import Status

MOST_BYTES = 512 * 1024
"""The limit of a request's body, before and after decompression."""

MOST_SPANS = 2_000
"""The limit of one request; SDKs send 512 at once."""

MOST_ATTRIBUTES = 20
LONGEST_TEXT = 64


class BadRequestError(ValueError):
    """Report a request that is not OTLP, or that is too large."""


@dataclass(frozen=True, slots=True)
class Span:
    """Describe a span of a patient.

    `service` is the container that sent it.
    Identifiers are hexadecimal, and `parent` is empty for a root. Times are in seconds since 1970.
    """

    trace: str
    span: str
    parent: str
    service: str
    name: str
    began: float
    ended: float
    failed: bool
    attributes: dict[str, str]


def unpacked(body: bytes, encoding: str) -> bytes:
    """Decompress a request's body.

    Raises BadRequestError.
    """
    if encoding not in {"", "identity", "gzip", "deflate"}:
        raise BadRequestError(f"no encoding of ours: `{encoding}`")
    if encoding in {"", "identity"}:
        return body
    try:
        # Adding 32 makes zlib detect the format, gzip or zlib.
        unpacker = zlib.decompressobj(zlib.MAX_WBITS + 32)
        whole = unpacker.decompress(body, MOST_BYTES)
    except zlib.error as error:
        raise BadRequestError(f"this cannot be unpacked: {error}") from error
    if unpacker.unconsumed_tail:
        raise BadRequestError("this unpacks to more than is taken")
    return whole


def read_spans(body: bytes, service: str) -> Iterator[Span]:
    """Return the spans of an ExportTraceServiceRequest.

    Raises BadRequestError.
    """
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise BadRequestError("this is no OTLP") from error
    spans = (
        _span(sent, service)
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for sent in scope.spans
    )
    return islice(spans, MOST_SPANS)


def _span(sent: Sent, service: str) -> Span:
    return Span(
        trace=sent.trace_id.hex()[:32],
        span=sent.span_id.hex()[:16],
        parent=sent.parent_span_id.hex()[:16],
        service=service,
        name=sent.name[:LONGEST_TEXT],
        began=sent.start_time_unix_nano / 1e9,
        ended=sent.end_time_unix_nano / 1e9,
        failed=sent.status.code == Status.STATUS_CODE_ERROR,
        attributes={a.key[:LONGEST_TEXT]: text_of(_plain(a.value)) for a in sent.attributes[:MOST_ATTRIBUTES]},
    )


def _plain(value: AnyValue) -> object:
    """Return an attribute's value.

    A list or map as its protobuf message.
    """
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind else ""


def text_of(value: object) -> str:
    """Return a value as text for queries.

    Booleans as in JSON.
    """
    return (str(value).lower() if isinstance(value, bool) else str(value))[:LONGEST_TEXT]
