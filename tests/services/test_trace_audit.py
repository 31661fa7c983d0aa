"""Trace-audit checks each patient's span against those of stock services."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent
from serving import SECRET, Stock, fresh, stocked, until

from kit.receipts import Receipts
from kit.traces import ENTRIES, StockSpan, TraceContext
from trace_audit.assessment import assess
from trace_audit.diagnosis import Diagnosis, QueryResult, read_diagnosis
from trace_audit.leaks import ELSEWHERE, MOST_PLACES, Leaks
from trace_audit.otlp import BadRequestError, Span, read_spans, unpacked
from trace_audit.senders import Senders
from trace_audit.trace_store import MOST_TRACES, SETTLED_SECONDS, TraceStore

ORDER, CARRIER, REGION = "o1", "carrier-1", "north"


@dataclass
class Told:
    """Hold the spans of one order, by a patient and stock services."""

    root: TraceContext
    attempt: TraceContext
    take: Span
    bring: Span
    entries: list[StockSpan]

    def store(self, *spans: Span) -> TraceStore:
        """Return a store with these spans, or with the right ones."""
        store = TraceStore()
        for entry in self.entries:
            store.note_entry(entry, now=0)
        for span in spans or (self.take, self.bring):
            store.note_span(span)
        return store

    def claims(self, *spans: Span, store: TraceStore | None = None) -> set[str]:
        """Return the order's true claims."""
        store = store or self.store(*spans)
        order = store.orders[ORDER]
        assert order.taken
        return assess(store, order, order.taken).claims - {"all"}


def span(service: str, at: TraceContext, parent: str, **told: Any) -> Span:  # noqa: ANN401 # as spans have it
    made = Span(at.trace, at.span, parent, service, "work", 1, 2, failed=False, attributes={})
    return replace(made, **told)


def entry(service: str, at: TraceContext, parent: str, status: int = 201) -> StockSpan:
    return StockSpan(
        service=service,
        order=ORDER,
        carrier=CARRIER,
        region=REGION,
        trace=at.trace,
        parent=parent,
        span=at.span,
        began=1,
        ended=2,
        status=status,
        phase="steady",
    )


def told(status: int = 201) -> Told:
    root = TraceContext.begin()
    attempt, take, bring, door = (root.child() for _ in range(4))
    attributes = {"carrier": CARRIER, "region": REGION}
    return Told(
        root,
        attempt,
        span("orders", take, attempt.span),
        span("fulfilment", bring, take.span, attributes=attributes, failed=status != 201),
        [
            entry("storefront", root, ""),
            entry("billing", attempt, root.span),
            entry(CARRIER, door, bring.span, status),
        ],
    )


def test_an_order_with_an_unbroken_trace_is_connected_and_linked() -> None:
    assert told().claims() == {"connected", "linked"}


def test_a_lost_order_whose_span_says_so_is_visible() -> None:
    assert told(503).claims() == {"connected", "linked", "lost", "visible"}


def test_a_lost_order_with_an_unmarked_or_wrong_span_is_not_visible() -> None:
    lost = told(503)
    assert "visible" not in lost.claims(lost.take, replace(lost.bring, failed=False))
    other = {"carrier": "carrier-2", "region": REGION}
    assert "visible" not in lost.claims(lost.take, replace(lost.bring, attributes=other))


def test_a_failed_span_of_a_delivered_order_is_an_alarm() -> None:
    fine = told()
    assert "alarm" in fine.claims(fine.take, replace(fine.bring, failed=True))


def test_an_order_that_no_carrier_saw_is_lost_and_not_connected() -> None:
    order = told()
    del order.entries[2:]
    assert order.claims() == {"lost"}


def test_a_parcel_brought_to_another_carrier_is_lost() -> None:
    order = told()
    order.entries[2] = order.entries[2].model_copy(update={"carrier": "carrier-2"})
    assert order.claims() == {"lost"}


@pytest.mark.parametrize(("status", "refused"), [(503, True), (405, False), (201, False)])
def test_only_a_carriers_refusals_name_the_culprit(status: int, *, refused: bool) -> None:
    order = told(status)
    store = order.store()
    assert assess(store, store.orders[ORDER], order.entries[0]).refused is refused


def test_spans_that_one_service_forges_for_another_connect_nothing() -> None:
    order = told()
    assert order.claims(replace(order.take, service="fulfilment"), order.bring) == set()


def test_a_trace_that_restarts_on_the_way_is_not_connected() -> None:
    order, other = told(), TraceContext.begin()
    order.entries[2] = entry(CARRIER, other.child(), other.span)
    assert order.claims(order.take, span("fulfilment", other, "")) == set()


def test_a_sibling_span_that_poses_as_a_child_is_not_linked() -> None:
    order = told()
    assert order.claims(order.take, replace(order.bring, parent=order.attempt.span)) == {"connected"}


def test_an_order_sent_twice_is_linked_when_each_attempt_has_its_path() -> None:
    order = told()
    again, take, bring, door = (order.root.child() for _ in range(4))
    order.entries += [entry("billing", again, order.root.span), entry(CARRIER, door, bring.span)]
    spans = [order.take, order.bring, span("orders", take, again.span), span("fulfilment", bring, take.span)]
    assert "linked" in order.claims(*spans)
    merged = [*spans[:3], replace(spans[3], parent=order.take.span)]
    assert "linked" not in order.claims(*merged)


def test_a_parcel_brought_twice_from_one_span_is_linked() -> None:
    order = told(503)
    order.entries.append(entry(CARRIER, order.root.child(), order.bring.span, 503))
    assert order.claims() == {"connected", "linked", "lost", "visible"}


def test_a_cycle_of_spans_ends_the_ancestry() -> None:
    order = told()
    assert "linked" not in order.claims(replace(order.take, parent=order.bring.span), order.bring)


def test_a_log_line_counts_for_the_order_whose_trace_it_names() -> None:
    lost, fine = told(503), told()
    for order, claim in ((lost, "logged"), (fine, "log-alarm")):
        store = order.store()
        assert claim not in order.claims(store=store)
        store.note_warning(order.root.trace)
        assert claim in order.claims(store=store)


def test_an_order_is_judged_once_after_its_spans_can_arrive() -> None:
    store = told().store()
    assert [order.number for order in store.settled(SETTLED_SECONDS - 0.1)] == []
    assert [order.number for order in store.settled(SETTLED_SECONDS)] == [ORDER]
    assert [order.number for order in store.settled(SETTLED_SECONDS + 9)] == []


def test_a_flood_of_spans_drops_only_the_oldest() -> None:
    store = told().store()
    for _ in range(MOST_TRACES + 10):
        store.note_span(span("orders", latest := TraceContext.begin(), ""))
    assert len(store.spans(latest.trace)) == 1
    assert len(store._traces) == MOST_TRACES  # noqa: SLF001 # a test of bounds reads it


def found(diagnosis: Diagnosis, spans: Iterable[tuple[str, str, bool]]) -> bool:
    """Run a query on one span for each order.

    An order is its carrier, its region, and whether it was lost.
    """
    finding = QueryResult()
    for carrier, region, failed in spans:
        ancestor = span(
            "fulfilment", TraceContext.begin(), "", failed=failed, attributes={"carrier": carrier, "region": region}
        )
        finding.found.update(diagnosis.groups([ancestor]))
        finding.failed[carrier, region] += failed
    return finding.right


NINE = [(f"carrier-{number % 3}", f"region-{number // 3}", number == 4) for number in range(9)] * 10
BY = ("carrier", "region")


@pytest.mark.parametrize(
    ("where", "group_by", "right"),
    [
        ({"status": "error"}, BY, True),
        ({"status": "error"}, ("region", "carrier", "service"), True),
        ({"status": "error"}, ("carrier",), False),
        ({"status": "error"}, ("service",), False),
        ({"status": "error", "carrier": "carrier-1", "region": "region-1"}, BY, True),
        ({"carrier": "carrier-2", "region": "region-1"}, BY, False),
        ({"status": "ok"}, BY, False),
        ({}, BY, False),
        ({"status": "error"}, ("nothing",), False),
    ],
)
def test_a_query_is_right_when_its_dominant_group_names_the_culprit(
    where: dict[str, str], group_by: tuple[str, ...], *, right: bool
) -> None:
    assert found(Diagnosis(where, group_by), NINE) is right


@pytest.mark.parametrize(
    "text", ["", "where = 1\ngroup_by = 2", "group_by = []\n[where]", "[" * 9000, "group_by = 'a'", "\x00"]
)
def test_an_invalid_query_reads_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "diagnosis.toml").write_text(text)
    assert read_diagnosis(tmp_path / "diagnosis.toml") is None


def test_a_body_that_is_too_large_or_not_otlp_is_refused() -> None:
    with pytest.raises(BadRequestError, match="more than is taken"):
        unpacked(gzip.compress(bytes(50_000_000)), "gzip")
    with pytest.raises(BadRequestError, match="no OTLP"):
        list(read_spans(b"\xff" * 50, "orders"))
    with pytest.raises(BadRequestError, match="cannot be unpacked"):
        unpacked(b"nothing", "gzip")


@pytest.mark.anyio
async def test_two_concurrent_senders_are_both_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATIENTS", "localhost nowhere.invalid")
    senders = Senders()
    assert await asyncio.gather(*[senders.name("127.0.0.1") for _ in range(3)]) == ["localhost"] * 3
    assert await senders.name("127.9.9.9") == ""


# The service itself.


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    # The test's own address stands for that of both patients.
    monkeypatch.setenv("PATIENTS", "localhost")
    return fresh("trace_audit.service")


@pytest.fixture
async def audit(module: ModuleType) -> AsyncIterator[Stock]:
    async with stocked(module.service) as served:
        yield served


async def hand_in(audit: Stock, entries: list[StockSpan], receipts: Receipts | None = None) -> httpx2.Response:
    text = json.dumps([entry.model_dump() for entry in entries])
    body = {"entries": text, "receipt": (receipts or Receipts(SECRET)).issue(ENTRIES, text)}
    return await audit.user.post("/entries", json=body)


@pytest.mark.anyio
async def test_spans_are_taken_from_stock_services_only(audit: Stock, module: ModuleType) -> None:
    assert (await hand_in(audit, told().entries, receipts=Receipts("guessed"))).status_code == 403
    assert not module.store.orders
    assert (await hand_in(audit, told().entries)).status_code == 204
    assert [*module.store.orders] == [ORDER]


@pytest.mark.anyio
async def test_orders_are_counted_by_the_phase_in_which_they_were_taken(
    audit: Stock, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trace_audit.trace_store.SETTLED_SECONDS", 0)
    await audit.enter("steady")
    assert (await audit.metrics())['audit_orders_total{claim="all",phase="steady"}'] == 0
    await hand_in(audit, told(503).entries)
    await until(lambda: module.orders["lost", "steady"] == 1)
    assert module.orders["connected", "steady"] == 0


@pytest.mark.anyio
async def test_an_address_in_a_log_is_a_leak_unless_masked(audit: Stock) -> None:
    await audit.user.post("/logs", content=json.dumps({"level": "info", "message": "of ***@mail.example"}))
    assert not [name for name, value in (await audit.metrics()).items() if name.startswith("audit_leaks") and value]
    await audit.user.post("/logs", content=json.dumps({"level": "info", "message": "of ann@mail.example"}))
    (leaked,) = [name for name, value in (await audit.metrics()).items() if name.startswith("audit_leaks") and value]
    assert 'key="message"' in leaked


def test_a_leak_in_a_log_line_names_its_key() -> None:
    lines = ('{"message": "ann@mail.example"}', '{"order": {"email": "bob@mail.example"}}', "ann@mail.example")
    leaks = Leaks()
    leaks.note_lines("orders", "\n".join(lines).encode())
    assert +leaks.counts == {("orders", "log", key): 1 for key in ("message", "order", ELSEWHERE)}


def test_a_leak_in_a_span_names_its_attribute_or_field() -> None:
    address = "ann@mail.example"
    leaked = AnyValue(string_value=address)
    sent = Sent(
        name=f"bring {address}",
        attributes=[KeyValue(key="email", value=leaked), KeyValue(key="order", value=AnyValue(string_value="o1"))],
        events=[Sent.Event(name="exception", attributes=[KeyValue(key="exception.message", value=leaked)])],
    )
    sent.status.message = address
    request = ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=[sent])])])
    leaks = Leaks()
    leaks.note_spans("orders", request.SerializeToString())
    keys = ("name", "status", "email", "exception.message")
    assert +leaks.counts == {("orders", "span", key): 1 for key in keys}


def test_a_leak_in_bytes_that_are_not_spans_counts_too() -> None:
    leaks = Leaks()
    leaks.note_spans("orders", b"ann@mail.example")
    assert +leaks.counts == {("orders", "span", ELSEWHERE): 1}


def test_a_patient_with_many_keys_gets_few_metrics() -> None:
    leaks = Leaks()
    for number in range(3 * MOST_PLACES):
        leaks.note_lines("orders", json.dumps({f"key-{number}": "ann@mail.example"}).encode())
    assert len(leaks.counts) == MOST_PLACES
    assert leaks.counts.total() == 3 * MOST_PLACES


@pytest.mark.anyio
async def test_log_lines_that_are_not_valid_are_skipped(audit: Stock, module: ModuleType) -> None:
    trace = "ab" * 16
    lines = ["nonsense", "[" * 9000, "7", '{"level": "warning"}', json.dumps({"level": "warning", "trace_id": trace})]
    assert (await audit.user.post("/logs", content="\n".join(lines))).status_code == 204
    assert module.store.warned(trace)
    await audit.user.post("/logs", content=json.dumps({"level": "warning", "trace_id": "a" * 100_000}))
    assert not module.store.warned("a" * 100_000)
    assert (await audit.user.post("/logs", content=bytes(2_000_000))).status_code == 413


@pytest.mark.anyio
async def test_a_trace_is_found_by_order_number_or_trace_id_prefix(audit: Stock) -> None:
    order = told(503)
    await hand_in(audit, order.entries)
    (listed,) = (await audit.control.get("/traces")).json()
    assert (listed["order"], listed["trace"]) == (ORDER, order.root.trace)
    for wanted in (ORDER, order.root.trace[:8]):
        shown = (await audit.control.get(f"/traces/{wanted}")).json()
        assert [item["service"] for item in shown["spans"]] == ["storefront", "billing", CARRIER]
    assert (await audit.control.get("/traces/none")).status_code == 404
