"""The users of lab 03 accept right limiters and detect wrong ones."""

import itertools
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from load_program import SECRET, Metrics, Program, program
from target import Behaviour, Handler, Target, answer, close, targets

from grader.course.course import Course
from grader.course.manifest import ShareCheck
from kit.receipts import Receipts
from loadtests.bucket import BucketLevel, TokenBucket

LAB = Course.here().lab("03")
LOCUSTFILE = Path(__file__).parent / "lab_03_on_loopback.py"
RATE = {"polite": 40.0, "probe": 2.5, "noisy": 250.0, "behaving": 5.0}


class Gateway:
    """A token bucket for each tenant, shared by both targets."""

    def __init__(self, *, retry_after: str = "1", secret: str = SECRET) -> None:
        self._levels: dict[str, BucketLevel] = {}
        self._lock = threading.Lock()
        self._receipts = Receipts(secret)
        self._retry_after = retry_after

    def __call__(self, handler: Handler) -> None:
        """Answer a request for a quote."""
        tenant, symbol = handler.headers["X-Tenant"], handler.path.partition("=")[2]
        with self._lock:
            level = self._levels.setdefault(tenant, BucketLevel(TokenBucket(rate=10, burst=20)))
            admitted = level.take(time.monotonic())
        if admitted:
            handler.say(200, json.dumps({"receipt": self._receipts.issue(tenant, symbol)}).encode())
        else:
            handler.say(429, retry_after=self._retry_after)


class Played:
    """The lab's users, playing against one gateway after the other."""

    def __init__(self, both: list[Target], load: Program) -> None:
        self._both = both
        self._load = load

    def against(self, *gateways: Behaviour, phase: str, seconds: float = 1.9) -> Metrics:
        """Play all kinds at once against two replicas of a gateway.

        Their state is shared or separate.
        """
        for target, gateway in zip(self._both, itertools.cycle(gateways), strict=False):
            target.answers["/quote"] = gateway
        return self._load.play(RATE, phase=phase, seconds=seconds)


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("load")
    with targets(2) as both, program(LOCUSTFILE, [target.url for target in both], folder) as load:
        yield Played(both, load)


@pytest.fixture(scope="module")
def right(users: Played) -> Metrics:
    return users.against(Gateway(), phase="right", seconds=3)


def tally(metrics: Metrics, phase: str, name: str) -> float:
    return metrics.sum("load_tally_total", phase=phase, tally=name)


def test_all_kinds_send_requests(right: Metrics) -> None:
    assert all(right.sum("load_sent_total", kind=kind, phase="right") > 0 for kind in RATE)


def test_a_probe_accepts_an_honoured_burst_and_a_true_wait(right: Metrics) -> None:
    visits = tally(right, "right", "waits_told")
    assert visits >= 7
    assert tally(right, "right", "waits_kept") == visits
    assert tally(right, "right", "burst_admitted") == 20 * visits
    assert right.sum("load_sent_total", kind="probe", phase="right") == 27 * visits


def test_every_refusal_of_the_noisy_tenant_is_found_proper(right: Metrics) -> None:
    refused = right.sum("load_responses_total", kind="noisy", phase="right", status="429")
    assert tally(right, "right", "refused_properly") == refused > 100


def test_a_right_limiter_admits_nothing_unreal_and_nothing_beyond_the_promise(right: Metrics) -> None:
    assert tally(right, "right", "unreal_answer") == 0
    # A gateway counts requests when they arrive, the reference when they are sent.
    assert right.sum("load_beyond_promise", kind="noisy", phase="right") <= 5


def test_a_behaving_tenant_keeps_the_noisy_tenants_unique_name(right: Metrics) -> None:
    subjects = {
        kind: {sample.labels["subject"] for sample in right.samples("load_subject", kind=kind)} for kind in RATE
    }
    assert subjects["noisy"] == subjects["behaving"]
    assert [len(subjects[kind]) for kind in ("polite", "noisy", "probe")] == [20, 1, 15]
    assert len(subjects["polite"] | subjects["noisy"] | subjects["probe"]) == 36


def test_a_refusal_with_a_wait_out_of_range_is_not_proper(users: Played) -> None:
    metrics = users.against(Gateway(retry_after="60"), phase="sixty")
    assert metrics.sum("load_responses_total", kind="noisy", phase="sixty", status="429") > 100
    assert tally(metrics, "sixty", "refused_properly") == 0
    assert tally(metrics, "sixty", "waits_told") > 0
    assert tally(metrics, "sixty", "waits_kept") == 0


def test_every_forged_quote_is_detected(users: Played) -> None:
    metrics = users.against(Gateway(secret="another"), phase="invented")  # noqa: S106 # a forger's
    ok = {kind: metrics.sum("load_responses_total", kind=kind, phase="invented", status="200") for kind in RATE}
    assert tally(metrics, "invented", "unreal_answer") == sum(ok.values()) > 0
    assert tally(metrics, "invented", "burst_admitted") == 0


def test_replicas_that_count_alone_are_found_to_admit_far_beyond_the_promise(users: Played) -> None:
    metrics = users.against(Gateway(), Gateway(), phase="alone")
    assert metrics.sum("load_beyond_promise", kind="noisy", phase="alone") > 5


@pytest.mark.parametrize(
    ("phase", "gateway"), [("nothing", close), ("two-hundred", answer(200, b"{}"))], ids=["nothing", "200"]
)
def test_no_checks_denominator_is_zero_for_any_gateway(users: Played, phase: str, gateway: Behaviour) -> None:
    metrics = users.against(gateway, phase=phase, seconds=3)
    totals = [claim.total for claim in LAB.manifest.check if isinstance(claim, ShareCheck)] + [LAB.manifest.level.total]
    for name in sorted({tally for total in totals for tally in re.findall(r'tally="([a-z_]+)"', total)}):
        assert tally(metrics, phase, name) > 0
    for kind in sorted({kind for total in totals for kind in re.findall(r'load_\w+\{kind="([a-z]+)"', total)}):
        assert metrics.sum("load_sent_total", kind=kind, phase=phase) > 0
