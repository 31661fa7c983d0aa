"""The load program with targets that answer, stall, lie and hang up."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from load_program import SECRET, Metrics, Program, program, wait_for
from target import (
    Handler,
    Request,
    Target,
    answer,
    be_silent,
    close,
    never_end,
    stall,
    talk_nonsense,
    targets,
    truncate,
)

from kit.receipts import Receipts
from loadtests.connections import LARGEST_ANSWER
from loadtests.plan import LoadPlan
from loadtests.schedule import schedule
from loadtests.shapes import Poisson

LOCUSTFILE = Path(__file__).parent / "locustfile.py"

ENDINGS = {
    "steady": "200",
    "silent": "timeout",
    "closed": "error",
    "truncated": "error",
    "nonsense": "error",
    "redirected": "307",
    "binary": "500",
    "unheard": "error",
    "refused": "error",
    "crashing": "200",
    "endless": "error",
    "headed": "error",
    "packed": "error",
    "posting": "201",
}
"""How the requests of each kind must end."""

SELLERS = {
    "genuine": 0,
    "delivered": 0,
    "named": 0,
    "misnamed": 10,
    "cached": 0,
    "mistaken": 10,
    "forged": 10,
    "swapped": 10,
    "bare": 10,
    "ordered": 10,
    "replayed": 9,
}
"""How many of ten answers carry no receipt of their own."""


def sell(receipts: Receipts, handler: Handler) -> None:
    """Answer with a receipt for the tenant that asks."""
    tenant = handler.headers["X-Tenant"]
    if handler.path.startswith("/swapped"):
        tenant += "-not"
    handler.say(200, json.dumps({"symbol": "ACME", "receipt": receipts.issue(tenant, "ACME")}).encode())


@pytest.fixture(scope="module")
def both() -> Iterator[list[Target]]:
    genuine, forged, kept = Receipts(SECRET), Receipts("another secret"), dict[str, bytes]()

    def replay(handler: Handler) -> None:
        tenant = handler.headers["X-Tenant"] + ("-not" if handler.path.startswith("/mistaken") else "")
        fresh = json.dumps({"receipt": genuine.issue(tenant, "ACME")}).encode()
        handler.say(200, kept.setdefault(handler.path.partition("?")[0], fresh))

    bomb = gzip.compress(bytes(12_000_000))
    assert len(bomb) < LARGEST_ANSWER

    with targets(2) as made:
        for target in made:
            target.answers |= {
                "/stalled": stall,
                "/silent": be_silent,
                "/closed": close,
                "/truncated": truncate,
                "/nonsense": talk_nonsense,
                "/redirected": answer(307, location="/steady"),
                "/binary": answer(500, b"\xff\xfe\x00", content_type="text/plain; charset=utf-8"),
                "/unheard": answer(799),
                "/endless": never_end,
                "/headed": answer(200, b"{}", x_padding="x" * LARGEST_ANSWER),
                "/packed": answer(200, bomb, content_encoding="gzip"),
                "/steady": answer(200, b"{}", set_cookie="kind=steady"),
                "/pausing": answer(429, retry_after="1"),
                "/genuine": lambda handler: sell(genuine, handler),
                "/ordered": lambda handler: sell(genuine, handler),
                "/delivered": lambda handler: sell(genuine, handler),
                "/named": lambda handler: sell(genuine, handler),
                "/misnamed": lambda handler: sell(genuine, handler),
                "/swapped": lambda handler: sell(genuine, handler),
                "/forged": lambda handler: sell(forged, handler),
                "/replayed": replay,
                "/cached": replay,
                "/mistaken": replay,
                "/posting": lambda handler: handler.say(201, handler.body()),
            }
        yield made


@pytest.fixture(scope="module")
def load(both: list[Target], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with program(LOCUSTFILE, [target.url for target in both], tmp_path_factory.mktemp("load")) as running:
        yield running


@dataclass(frozen=True)
class Mixed:
    """Hold the program's metrics and the targets' requests of one play."""

    metrics: Metrics
    requests: list[list[Request]]

    def sum(self, name: str, **labels: str) -> float:
        return self.metrics.sum(name, phase="mixed", **labels)

    def seen(self, path: str) -> list[Request]:
        return [request for requests in self.by_target(path) for request in requests]

    def by_target(self, path: str) -> list[list[Request]]:
        return [[request for request in requests if request.path == path] for requests in self.requests]


@pytest.fixture(scope="module")
def mixed(load: Program, both: list[Target]) -> Mixed:
    before = [len(target.requests) for target in both]
    rates = {**dict.fromkeys(ENDINGS, 25.0), **dict.fromkeys((*SELLERS, "volley", "pausing"), 1.0), "choosy": 10.0}
    metrics = load.play(rates, phase="mixed", seconds=1)
    return Mixed(metrics, [target.requests[count:] for target, count in zip(both, before, strict=True)])


def planned(rate: float, *, phase: str, seconds: float = 0.4, seed: int = 1) -> int:
    """Return the number of arrivals that a play of `steady` must have."""
    told = LoadPlan.read({"seed": seed, "phases": [{"name": phase, "seconds": seconds, "rate": {"steady": rate}}]})
    return len(schedule(told, {"steady": Poisson()})["steady"])


def seen(both: list[Target], path: str) -> int:
    return sum(len(target.seen(path)) for target in both)


# --- an open loop


def test_arrivals_continue_and_latency_counts_while_the_target_stalls(load: Program, both: list[Target]) -> None:
    load.begin({"stalled": 150}, phase="stall", seconds=1)
    # All answers come after the last arrival, so no arrival has waited for an answer.
    wait_for(lambda: load.state() == "settling")
    metrics = load.metrics()
    intended = metrics.sum("load_intended_total", kind="stalled", phase="stall")
    wait_for(lambda: seen(both, "/stalled") == intended)
    arrived = [request.at for target in both for request in target.seen("/stalled")]
    assert metrics.sum("load_sent_total", kind="stalled", phase="stall") == intended > 100
    assert metrics.sum("load_responses_total", kind="stalled", phase="stall") == 0
    assert metrics.sum("load_settled_phases") == 0
    for target in both:
        target.stall_ends.set()
    metrics = load.finish()
    assert metrics.sum("load_responses_total", kind="stalled", phase="stall", status="200") == intended
    waited = sum(max(arrived) - at for at in arrived)
    assert metrics.sum("load_latency_seconds_sum", kind="stalled", phase="stall") >= waited


def test_the_program_sends_exactly_the_schedule_of_the_seed(load: Program) -> None:
    metrics = load.play({"steady": 120}, phase="schedule", seconds=0.7, seed=42)
    number = planned(120, phase="schedule", seconds=0.7, seed=42)
    assert metrics.sum("load_sent_total", kind="steady", phase="schedule") == number


def test_a_late_request_is_timed_from_its_due_time(load: Program) -> None:
    metrics = load.play({"late": 1}, phase="late")
    assert metrics.sum("load_lag_seconds_max", phase="late") >= 0.3
    assert metrics.sum("load_latency_seconds_count", kind="late", phase="late", status="200") == 1
    assert metrics.sum("load_latency_seconds_bucket", kind="late", phase="late", status="200", le="0.25") == 0


def test_a_request_one_second_late_counts_as_intended_but_unsent(load: Program, both: list[Target]) -> None:
    metrics = load.play({"toolate": 1}, phase="too-late", seconds=0.4)
    assert metrics.sum("load_intended_total", kind="toolate", phase="too-late") == 1
    assert metrics.sum("load_sent_total", kind="toolate", phase="too-late") == 0
    assert metrics.by("status", "load_responses_total", kind="toolate", phase="too-late") == {"unsent": 1}
    assert seen(both, "/toolate") == 0


# --- how requests end


def test_a_post_sends_json_and_its_success_needs_a_receipt(mixed: Mixed) -> None:
    posted = mixed.seen("/posting")
    assert {request.headers["content-type"] for request in posted} == {"application/json"}
    assert {request.method for request in posted} == {"POST"}
    # The target echoes the body, whose receipt is not genuine.
    assert mixed.sum("load_tally_total", kind="posting", tally="unreal_answer") == len(posted) > 5


def test_a_visit_may_name_its_target(mixed: Mixed) -> None:
    *others, last = mixed.by_target("/choosy")
    assert len(last) == mixed.sum("load_sent_total", kind="choosy") > 5
    assert not any(others)


@pytest.mark.parametrize("kind", ENDINGS)
def test_every_intended_request_ends_in_exactly_one_status(mixed: Mixed, kind: str) -> None:
    intended = mixed.sum("load_intended_total", kind=kind)
    assert intended > 5
    assert mixed.sum("load_sent_total", kind=kind) == intended
    assert mixed.metrics.by("status", "load_responses_total", kind=kind, phase="mixed") == {ENDINGS[kind]: intended}
    assert mixed.sum("load_latency_seconds_count", kind=kind) == intended


@pytest.mark.parametrize("kind", [kind for kind in ENDINGS if kind != "refused"])
def test_a_request_is_sent_once_and_no_redirect_is_followed(mixed: Mixed, kind: str) -> None:
    assert len(mixed.seen(f"/{kind}")) == mixed.sum("load_sent_total", kind=kind)


def test_a_request_whose_time_is_up_closes_its_connection(mixed: Mixed, both: list[Target]) -> None:
    sent = mixed.sum("load_sent_total", kind="silent")
    wait_for(lambda: sum(target.abandoned["/silent"] for target in both) == sent)
    assert mixed.sum("load_latency_seconds_bucket", kind="silent", le="0.25") == 0


# --- targets


def test_requests_of_all_kinds_go_unevenly_to_all_targets(mixed: Mixed) -> None:
    drawn = [[request for request in requests if request.path != "/choosy"] for requests in mixed.requests]
    fewer, more = sorted(len(requests) for requests in drawn)
    assert fewer + more > 200
    # By weights of 1 and 2: the bounds are more than four standard deviations away.
    assert 0.18 < fewer / (fewer + more) < 0.48


def test_a_volley_is_counted_request_by_request_and_goes_to_all_targets(mixed: Mixed) -> None:
    assert mixed.sum("load_intended_total", kind="volley") == 27
    assert mixed.sum("load_tally_total", tally="together") == 26
    assert mixed.sum("load_tally_total", tally="answered") == 26
    asked = [sum(request.path == "/volley" for request in requests) for requests in mixed.requests]
    assert sum(asked) == 27
    assert min(asked) > 0


def test_a_pause_lasts_as_long_as_it_should_from_the_answer_on(mixed: Mixed) -> None:
    # A request comes in before its answer goes out, so the silence is at least as long from there on.
    back = [request.at for request in mixed.seen("/pausing-again")]
    assert len(back) == 3
    assert min(back) - min(request.at for request in mixed.seen("/pausing")) >= 1


def test_nothing_in_a_request_reveals_its_kind(mixed: Mixed) -> None:
    looks: defaultdict[str, set[str]] = defaultdict(set)
    ports: defaultdict[str, set[int]] = defaultdict(set)
    for request in (request for request in mixed.requests[0] if request.method == "GET"):
        headers = {name.lower(): value for name, value in request.headers.items() if name != "X-Tenant"}
        looks[request.path].add(str(sorted(headers.items())))
        ports[request.path].add(request.port)
    assert len(looks) > 10
    assert len(set().union(*looks.values())) == 1
    assert ports["/steady"] & ports["/binary"]


# --- receipts and promises


@pytest.mark.parametrize(("kind", "unreal"), SELLERS.items())
def test_a_200_without_its_own_genuine_receipt_is_tallied_as_unreal(mixed: Mixed, kind: str, unreal: int) -> None:
    assert mixed.sum("load_responses_total", kind=kind, status="200") == 10
    assert mixed.sum("load_tally_total", kind=kind, tally="unreal_answer") == unreal


def test_only_genuine_admissions_count_against_the_promise(mixed: Mixed) -> None:
    # Ten at one instant, of which the promise covers five, and one a fifth more generous covers six.
    assert mixed.sum("load_promised", kind="genuine") == 5
    assert mixed.sum("load_beyond_promise", kind="genuine") == 4
    assert mixed.sum("load_promised", kind="forged") == 5
    assert mixed.sum("load_beyond_promise", kind="forged") == 0


def test_the_subjects_of_a_kind_are_exported(mixed: Mixed) -> None:
    told = {request.headers["X-Tenant"] for request in mixed.seen("/genuine")}
    assert {sample.labels["subject"] for sample in mixed.metrics.samples("load_subject", kind="genuine")} == told
    assert not mixed.metrics.samples("load_subject", kind="steady")


# --- the control port


@pytest.mark.parametrize("secret", [None, "", "0123456789abcdee", SECRET + "0", "\xff"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/play"), ("POST", "/stop"), ("GET", "/state"), ("GET", "/metrics"), ("GET", "/x")]
)
def test_the_control_port_answers_a_bare_401_without_the_secret(
    load: Program, method: str, path: str, secret: str | None
) -> None:
    assert load.ask(method, path, secret=secret) == (401, b"")


def test_health_needs_no_secret_and_its_port_offers_nothing_else(load: Program) -> None:
    assert load.ask("GET", "/healthz", secret=None, health=True)[0] == 200
    assert load.ask("GET", "/metrics", health=True)[0] == 404


def test_all_series_of_a_play_are_zero_before_its_first_request(load: Program) -> None:
    load.begin({"steady": 10}, phase="zeros")
    metrics = load.metrics()
    load.finish()
    for kind in ("steady", "volley", "genuine", "twin"):
        for name in ("load_intended_total", "load_sent_total", "load_promised", "load_beyond_promise"):
            assert metrics.sum(name, kind=kind, phase="zeros") == 0
        for status in ("200", "timeout", "error"):
            assert metrics.sum("load_responses_total", kind=kind, phase="zeros", status=status) == 0
        buckets = metrics.samples("load_latency_seconds_bucket", kind=kind, phase="zeros", status="200")
        assert [sample.value for sample in buckets] == [0] * 15
        assert metrics.sum("load_tally_total", kind=kind, phase="zeros", tally="unreal_answer") == 0
    assert metrics.sum("load_tally_total", kind="volley", phase="zeros", tally="together") == 0
    assert metrics.sum("load_lag_seconds_max", phase="zeros") == 0
    assert metrics.sum("load_settled_phases") == 0
    assert metrics.sum("load_playing") == 1


def test_a_histogram_is_cumulative_and_has_the_edges_that_checks_use(mixed: Mixed) -> None:
    buckets = mixed.metrics.samples("load_latency_seconds_bucket", kind="steady", phase="mixed", status="200")
    edges = ["0.05", "0.1", "0.15", "0.2", "0.25", "0.3", "0.4", "0.5", "0.75", "1.0", "1.5", "2.0", "3.0", "5.0"]
    assert [sample.labels["le"] for sample in buckets] == [*edges, "+Inf"]
    assert all(a.value <= b.value for a, b in pairwise(buckets))
    assert buckets[-1].value == mixed.sum("load_latency_seconds_count", kind="steady", status="200")
    types = {family.name: family.type for family in mixed.metrics.families}
    assert types["load_latency_seconds"] == "histogram"
    assert types["load_intended"] == "counter"
    assert types["load_settled_phases"] == "gauge"


def test_a_second_play_adds_to_the_counts_and_settles_again(load: Program) -> None:
    first, second = (planned(50, phase="again", seed=seed) for seed in (1, 2))
    metrics = load.play({"steady": 50}, phase="again", seed=1)
    assert metrics.sum("load_sent_total", kind="steady", phase="again") == first
    assert metrics.sum("load_settled_phases") == 1
    load.begin({"steady": 50}, phase="again", seed=2)
    assert load.metrics().sum("load_settled_phases") == 0
    metrics = load.finish()
    assert metrics.sum("load_sent_total", kind="steady", phase="again") == first + second
    assert metrics.sum("load_settled_phases") == 1
    assert metrics.sum("load_playing") == 0


def test_a_second_plan_is_refused_while_one_is_played(load: Program) -> None:
    load.begin({}, phase="busy")
    status, body = load.ask("POST", "/play", {"seed": 1, "phases": [{"name": "a", "seconds": 1, "rate": {}}]})
    load.finish()
    assert (status, json.loads(body)) == (409, {"detail": "a plan is being played"})


def test_a_plan_with_an_unknown_kind_is_refused_and_nothing_is_played(load: Program) -> None:
    plan = {"seed": 1, "phases": [{"name": "a", "seconds": 1, "rate": {"stedy": 1}}]}
    status, body = load.ask("POST", "/play", plan)
    assert status == 422
    assert json.loads(body)["detail"].startswith("there are no `stedy` users")
    assert load.state() != "playing"


def test_a_body_that_is_not_json_is_refused(load: Program) -> None:
    status, body = load.ask("POST", "/play")
    assert status == 400
    assert json.loads(body)["detail"]


def test_a_stopped_play_drops_its_requests_and_counts_each_of_them(load: Program, both: list[Target]) -> None:
    for target in both:
        target.stall_ends.clear()
    load.begin({"stalled": 100}, phase="stopped", seconds=20)
    wait_for(lambda: load.metrics().sum("load_sent_total", kind="stalled", phase="stopped") > 10)
    assert load.ask("POST", "/stop")[0] == 200
    assert load.state() == "idle"
    metrics = load.metrics()
    sent = metrics.sum("load_sent_total", kind="stalled", phase="stopped")
    assert metrics.by("status", "load_responses_total", kind="stalled", phase="stopped") == {"dropped": sent}
    for target in both:
        target.stall_ends.set()
    assert load.play({"steady": 50}, phase="after").sum("load_responses_total", kind="steady", phase="after") > 0


def test_the_program_ends_at_sigterm(both: list[Target], tmp_path: Path) -> None:
    with program(LOCUSTFILE, [both[0].url], tmp_path) as running:
        running.begin({"steady": 50}, phase="end", seconds=20)
        running.process.terminate()
        assert running.process.wait(30) == 0
