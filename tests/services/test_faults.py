import asyncio
import random
import socket
from contextlib import suppress

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import Stock, until

from kit.connection import Connection
from kit.faults import RequestFault

pytestmark = pytest.mark.anyio

KINDS = ["error", "slow", "hang", "reset", "capacity"]


async def raw_request(stock: Stock, path: str = "/bread/rye") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", stock.server.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: bakery\r\n\r\n".encode())
    return reader, writer


def under_way(stock: Stock) -> int:
    return len(stock.server.server_state.tasks)


async def test_an_error_is_answered_at_once_and_the_work_is_not_done(stock: Stock) -> None:
    await stock.inject("error", status=500)
    assert (await stock.user.get("/bread/rye")).status_code == 500
    assert not stock.service.ledger.counts


async def test_a_garbled_answer_is_a_web_page_and_the_work_is_not_done(stock: Stock) -> None:
    await stock.inject("garble")
    answer = await stock.user.get("/bread/rye")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()
    assert not stock.service.ledger.counts


async def test_a_slow_request_waits_its_seconds_and_then_the_work_is_done(stock: Stock) -> None:
    await stock.inject("slow", seconds=0.5, scope="/bread/rye")
    await stock.inject("slow", seconds=0.1, scope="/bread/wheat")
    answers = await asyncio.gather(stock.user.get("/bread/rye"), stock.user.get("/bread/wheat"))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [account for _, account, _ in stock.service.ledger.counts] == ["wheat", "rye"]


async def test_a_hanging_request_is_answered_when_it_is_healed(stock: Stock) -> None:
    await stock.inject("hang")
    request = asyncio.create_task(stock.user.get("/bread/rye"))
    await until(lambda: under_way(stock) == 1)
    assert not stock.service.ledger.counts
    await stock.heal()
    assert (await request).json() == "rye"


async def test_requests_that_a_fault_hits_are_counted_by_kind_and_phase(stock: Stock) -> None:
    await stock.enter("surge")
    await stock.inject("error", scope="/bread/rye")
    for sort in ("rye", "rye", "wheat"):
        await stock.user.get(f"/bread/{sort}")
    hits = {series: value for series, value in (await stock.metrics()).items() if series.startswith("fault_hits")}
    assert hits == {'fault_hits_total{kind="error",phase="surge"}': 2}


async def test_a_request_held_by_a_fault_is_in_flight(stock: Stock) -> None:
    await stock.inject("hang")
    requests = [asyncio.create_task(stock.user.get("/bread/rye")) for _ in range(3)]
    await until(lambda: stock.service.in_flight() == 3)
    assert (await stock.metrics())["work_in_flight"] == 3
    await stock.heal()
    await asyncio.gather(*requests)
    assert stock.service.in_flight() == 0


async def test_a_hanging_request_keeps_its_body(stock: Stock) -> None:
    await stock.inject("hang")
    request = asyncio.create_task(stock.user.post("/bread", json={"rye": 2}))
    await until(lambda: under_way(stock) == 1)
    await stock.heal()
    assert (await request).json() == {"rye": 2}


async def test_a_hanging_request_does_no_work_after_its_client_leaves(stock: Stock) -> None:
    await stock.inject("hang")
    _, writer = await raw_request(stock)
    await until(lambda: under_way(stock) == 1)
    writer.close()
    await until(lambda: under_way(stock) == 0)
    await stock.heal()
    assert not stock.service.ledger.counts


async def test_a_late_hang_does_the_work_after_its_client_leaves(stock: Stock) -> None:
    await stock.inject("hang", then="late")
    _, writer = await raw_request(stock)
    await until(lambda: under_way(stock) == 1)
    writer.close()
    with pytest.raises(httpx2.ReadTimeout):
        await stock.user.post("/bread", json={"rye": 2}, timeout=0.2)
    assert under_way(stock) == 2
    assert not stock.service.ledger.counts
    await stock.heal()
    await until(lambda: under_way(stock) == 0)
    assert stock.service.ledger.counts.total() == 2


async def test_a_fault_injected_while_a_request_hangs_hits_it_afterwards(stock: Stock) -> None:
    await stock.inject("hang")
    request = asyncio.create_task(stock.user.get("/bread/rye"))
    await until(lambda: under_way(stock) == 1)
    await stock.control.put("/faults", json=[{"kind": "error", "status": 418}])
    assert (await request).status_code == 418


async def test_replacing_faults_keeps_the_equal_ones_active(stock: Stock) -> None:
    hang = await stock.inject("hang", share=0.001)
    await stock.inject("error")
    answer = await stock.control.put("/faults", json=[{"kind": "slow"}, {"kind": "hang", "share": 0.001}])
    assert [(fault["id"], fault["kind"]) for fault in answer.json()] == [(hang["id"], "hang"), (3, "slow")]
    assert (await stock.control.put("/faults", json=[])).json() == []


async def test_replacing_by_an_invalid_fault_changes_nothing(stock: Stock) -> None:
    await stock.inject("error")
    answer = await stock.control.put("/faults", json=[{"kind": "slow"}, {"kind": "explode"}])
    assert answer.status_code == 422
    assert [active.fault.kind for active in stock.service.faults.active] == ["error"]


async def test_a_fault_with_a_caller_hits_only_that_hosts_requests(
    stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = {"me": "127.0.0.1", "another": "127.0.0.9"}
    monkeypatch.setattr("kit.faults.socket.gethostbyname", addresses.__getitem__)
    await stock.inject("error", caller="another")
    assert (await stock.user.get("/bread/rye")).status_code == 200
    told = await stock.inject("error", caller="me", status=418)
    assert (await stock.user.get("/bread/rye")).status_code == 418
    assert told["caller"] == "me"


async def test_a_fault_with_an_unknown_caller_is_refused_and_changes_nothing(
    stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: str) -> str:
        raise socket.gaierror

    monkeypatch.setattr("kit.faults.socket.gethostbyname", unknown)
    await stock.inject("error")
    answer = await stock.control.put("/faults", json=[{"kind": "slow", "caller": "nobody"}])
    assert (answer.status_code, answer.json()) == (422, {"detail": "no host has the name `nobody`"})
    assert [active.fault.kind for active in stock.service.faults.active] == ["error"]


async def test_a_fault_past_hits_for_still_holds_the_requests_it_hit(stock: Stock) -> None:
    hang = {"kind": "hang", "hits_for": 0.3}
    await stock.control.put("/faults", json=[hang])
    held = asyncio.create_task(stock.user.get("/bread/rye"))
    await until(lambda: under_way(stock) == 1)
    await asyncio.sleep(0.3)
    assert (await stock.user.get("/bread/wheat")).status_code == 200
    await stock.control.put("/faults", json=[hang])
    assert (await stock.user.get("/bread/wheat")).status_code == 200
    assert not held.done()
    await stock.heal()
    assert (await held).json() == "rye"


async def test_a_service_that_is_down_refuses_connections_until_it_is_healed(stock: Stock) -> None:
    await stock.user.get("/bread/rye")
    await stock.inject("down")
    await stock.inject("down")
    # On the connection that it has kept, and on a new one.
    for _ in range(2):
        with pytest.raises(httpx2.ConnectError):
            await stock.user.get("/bread/rye")
    await stock.heal()
    assert (await stock.user.get("/bread/rye")).status_code == 200


async def test_a_service_going_down_resets_connections_and_finishes_its_work(stock: Stock) -> None:
    await stock.inject("hang", then="late")
    reader, _ = await raw_request(stock)
    await until(lambda: under_way(stock) == 1)
    await stock.inject("down")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    await stock.heal()
    await until(lambda: under_way(stock) == 0)
    assert stock.service.ledger.counts.total() == 1


async def test_a_service_can_go_down_again_before_it_is_up(stock: Stock) -> None:
    for _ in range(3):
        await stock.inject("down")
        stock.service.faults.heal()
    await stock.inject("down")
    await asyncio.sleep(0)
    with pytest.raises(httpx2.ConnectError):
        await stock.user.get("/bread/rye")
    await stock.heal()
    assert (await stock.user.get("/bread/rye")).status_code == 200


async def test_a_cold_service_warms_up_by_its_first_calls(stock: Stock) -> None:
    await stock.inject("cold", seconds=0.1, crowd=2)
    first = await asyncio.gather(*(stock.user.get("/bread/rye") for _ in range(2)))
    crowd = await asyncio.gather(*(stock.user.get("/bread/rye") for _ in range(20)))
    assert {answer.status_code for answer in (*first, *crowd)} == {200}


async def test_too_many_calls_fail_a_cold_service_and_it_starts_cold_again(stock: Stock) -> None:
    await stock.inject("cold", seconds=0.1, crowd=2, down=0.2)
    crowd = await asyncio.gather(*(stock.user.get("/bread/rye") for _ in range(5)))
    assert {answer.status_code for answer in crowd} == {503}
    assert not stock.service.ledger.counts
    assert (await stock.user.get("/bread/rye")).status_code == 503
    await asyncio.sleep(0.25)
    crowd = await asyncio.gather(*(stock.user.get("/bread/rye") for _ in range(5)))
    assert {answer.status_code for answer in crowd} == {503}
    await asyncio.sleep(0.25)
    assert (await stock.user.get("/bread/rye")).status_code == 200


async def test_losing_an_answer_to_a_client_that_left_raises_nothing(
    stock: Stock, caplog: pytest.LogCaptureFixture
) -> None:
    await stock.inject("lose")
    hang = await stock.inject("hang", then="late")
    _, writer = await raw_request(stock)
    await until(lambda: under_way(stock) == 1)
    writer.close()
    await asyncio.sleep(0.05)
    await stock.control.delete(f"/faults/{hang['id']}")
    await until(lambda: under_way(stock) == 0)
    assert stock.service.ledger.counts.total() == 1
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_dripping_body_comes_byte_by_byte_after_the_work_and_the_head(stock: Stock) -> None:
    await stock.inject("drip", seconds=0.05)
    begun = asyncio.get_running_loop().time()
    async with stock.user.stream("GET", "/bread/rye") as answer:
        assert stock.service.ledger.counts.total() == 1
        parts = [part async for part in answer.aiter_raw()]
    assert b"".join(parts) == b'"rye"'
    assert [len(part) for part in parts] == [1] * 5
    assert asyncio.get_running_loop().time() - begun >= 0.2


async def test_the_rest_of_a_dripping_body_comes_at_once_when_it_is_healed(stock: Stock) -> None:
    await stock.inject("drip", seconds=60)
    async with stock.user.stream("GET", "/bread/rye") as answer:
        parts = answer.aiter_raw()
        assert await anext(parts) == b'"'
        await stock.heal()
        assert b"".join([part async for part in parts]) == b'rye"'


async def test_a_client_that_leaves_a_dripping_body_leaves_no_error(
    stock: Stock, caplog: pytest.LogCaptureFixture
) -> None:
    await stock.inject("drip", seconds=0.05)
    reader, writer = await raw_request(stock)
    await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await until(lambda: under_way(stock) == 0)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_reset_reaches_the_client_as_a_tcp_reset_without_a_byte(stock: Stock) -> None:
    await stock.inject("reset")
    reader, writer = await raw_request(stock)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    await until(lambda: under_way(stock) == 0)
    assert not stock.service.ledger.counts


async def test_a_reset_also_hits_a_connection_that_served_before(stock: Stock) -> None:
    assert (await stock.user.get("/bread/rye")).status_code == 200
    await stock.inject("reset")
    with pytest.raises(httpx2.ReadError):
        await stock.user.get("/bread/rye")


async def test_a_reset_is_not_logged_as_a_failure_of_the_app(stock: Stock, caplog: pytest.LogCaptureFixture) -> None:
    await stock.inject("reset")
    with suppress(httpx2.ReadError):
        await stock.user.get("/bread/rye")
    await until(lambda: under_way(stock) == 0)
    assert not [record for record in caplog.records if record.name == "uvicorn.error" and record.levelname == "ERROR"]


async def test_more_capacity_serves_waiting_requests(stock: Stock) -> None:
    release = asyncio.Event()

    async def work() -> None:
        async with stock.service.capacity.worker():
            await release.wait()

    waiting = [asyncio.create_task(work()) for _ in range(5)]
    await until(lambda: stock.service.capacity.in_flight == 5)
    assert stock.service.capacity.busy == 2
    await stock.inject("capacity", factor=2)
    assert stock.service.capacity.busy == 4
    release.set()
    await asyncio.gather(*waiting)


async def test_capacity_changes_multiply_and_heal_one_by_one(stock: Stock) -> None:
    doubled = await stock.inject("capacity", factor=2)
    await stock.inject("capacity", factor=3)
    assert stock.service.capacity.workers == 12
    await stock.control.delete(f"/faults/{doubled['id']}")
    assert stock.service.capacity.workers == 6
    await stock.heal()
    assert stock.service.capacity.workers == 2


async def test_one_worker_is_always_left(stock: Stock) -> None:
    await stock.inject("capacity", factor=0.01)
    assert stock.service.capacity.workers == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_no_fault_makes_a_service_look_dead(stock: Stock, kind: str) -> None:
    await stock.inject(kind)
    assert (await stock.user.get("/healthz")).json() == {"status": "ok"}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_healed_fault_hits_no_request(stock: Stock, kind: str) -> None:
    await stock.inject(kind)
    assert (await stock.control.delete("/faults")).json() == {"healed": 1}
    assert (await stock.user.get("/bread/rye")).json() == "rye"
    assert (await stock.control.get("/faults")).json()["active"] == []


async def test_a_fault_heals_itself_when_its_time_is_up(stock: Stock) -> None:
    await stock.inject("hang", seconds_active=0.1)
    assert (await stock.user.get("/bread/rye")).json() == "rye"
    assert (await stock.control.get("/faults")).json()["active"] == []


async def test_a_fault_healed_by_hand_heals_nothing_when_it_expires(stock: Stock) -> None:
    await stock.inject("error", seconds_active=0.05)
    await stock.heal()
    lasting = await stock.inject("error")
    await stock.inject("error", seconds_active=0.1)
    await until(lambda: len(stock.service.faults.active) == 1)
    assert (await stock.control.get("/faults")).json()["active"] == [lasting]


async def test_a_scope_covers_a_path_and_all_paths_below_it(stock: Stock) -> None:
    await stock.inject("error", scope="/bread/rye")
    assert (await stock.user.get("/bread/rye")).status_code == 503
    assert (await stock.user.get("/bread/wheat")).status_code == 200


@given(st.lists(st.sampled_from(["a", "b", "ab"]), max_size=3), st.lists(st.sampled_from(["a", "b", "ab"]), max_size=3))
def test_a_scope_covers_whole_names_only(scope: list[str], path: list[str]) -> None:
    fault = RequestFault(scope="/" + "/".join(scope))
    assert fault.covers("/" + "/".join(path)) == (path[: len(scope)] == scope)


async def test_a_share_of_requests_is_hit(stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "random", iter([0.1, 0.3, 0.29, 0.99]).__next__)
    await stock.inject("error", share=0.3)
    assert [(await stock.user.get("/bread/rye")).status_code for _ in range(4)] == [503, 200, 503, 200]


async def test_a_fault_with_first_hits_only_the_first_requests_to_each_path(stock: Stock) -> None:
    await stock.inject("error", first=2, scope="/bread")
    asked = [path for path in ("/bread/rye", "/bread/wheat") for _ in range(4)]
    answers = [(await stock.user.get(path)).status_code for path in asked]
    assert answers == [503, 503, 200, 200] * 2


async def test_a_refusal_is_left_for_the_service_to_ask(stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> bool:
        return stock.service.faults.refuse({"path": path, "client": ("10.0.0.7", 1)})

    assert not refuse("/bread/rye")
    await stock.inject("refuse", share=0.3, scope="/bread")
    assert (await stock.user.get("/bread/rye")).status_code == 200
    monkeypatch.setattr(random, "random", iter([0.1, 0.3, 0.29]).__next__)
    asked = ("/bread/rye", "/bread/rye", "/bread", "/burnt")
    assert [refuse(path) for path in asked] == [True, False, True, False]
    await stock.heal()
    assert not refuse("/bread/rye")


async def test_a_request_passes_through_all_faults_that_hit_it_oldest_first(stock: Stock) -> None:
    hang = await stock.inject("hang")
    await stock.inject("error", status=418)
    request = asyncio.create_task(stock.user.get("/bread/rye"))
    await until(lambda: under_way(stock) == 1)
    assert not request.done()
    await stock.control.delete(f"/faults/{hang['id']}")
    assert (await request).status_code == 418


async def test_a_fault_healed_behind_an_older_one_hits_no_waiting_request(stock: Stock) -> None:
    await stock.inject("hang")
    await stock.inject("error")
    request = asyncio.create_task(stock.user.get("/bread/rye"))
    await until(lambda: under_way(stock) == 1)
    await stock.heal()
    assert (await request).status_code == 200


async def test_an_injected_fault_is_acknowledged_with_all_its_parameters(stock: Stock) -> None:
    told = await stock.inject("error", status=502, share=0.5)
    assert told == {
        "id": 1,
        "kind": "error",
        "status": 502,
        "share": 0.5,
        "scope": "/",
        "caller": None,
        "hits_for": None,
        "seconds_active": None,
        "by_hand": False,
        "prolonged_by": 0.0,
        "first": None,
    }
    assert (await stock.control.get("/faults")).json()["active"] == [told]


async def test_a_fault_by_hand_stays_until_it_is_healed(stock: Stock) -> None:
    await stock.inject("slow", seconds=0.01, by_hand=True)
    await stock.inject("error")
    await stock.control.put("/faults", json=[])
    await stock.control.put("/faults", json=[{"kind": "reset", "seconds_active": 60}])
    kinds = [fault["kind"] for fault in (await stock.control.get("/faults")).json()["active"]]
    assert kinds == ["slow", "reset"]
    await stock.heal()
    assert (await stock.control.get("/faults")).json()["active"] == []


async def test_each_kind_describes_its_effect_and_its_parameters(stock: Stock) -> None:
    kinds = (await stock.control.get("/faults")).json()["kinds"]
    assert {kind: list(told["parameters"]) for kind, told in kinds.items()} == {
        "error": ["status"],
        "garble": [],
        "refuse": [],
        "slow": ["seconds"],
        "hang": ["then"],
        "reset": [],
        "lose": [],
        "drip": ["seconds"],
        "cold": ["seconds", "crowd", "down"],
        "capacity": ["factor"],
        "down": [],
    }
    assert all(told["describes"].endswith(".") for told in kinds.values())
    assert all(all(told["parameters"].values()) for told in kinds.values())


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({"kind": "explode"}, "'error', 'garble', 'refuse', 'slow', 'hang', 'reset', 'lose', 'drip'"),
        ({}, "kind"),
        ({"kind": "error", "status": 200}, "greater than or equal to 400"),
        ({"kind": "slow", "second": 3}, "Extra inputs are not permitted"),
        ({"kind": "slow", "seconds": -1}, "greater than 0"),
        ({"kind": "hang", "share": 1.5}, "less than or equal to 1"),
        ({"kind": "hang", "scope": "bread"}, "pattern"),
        ({"kind": "reset", "seconds_active": 0}, "greater than 0"),
        ({"kind": "capacity", "share": 0.5}, "Extra inputs are not permitted"),
    ],
)
async def test_an_invalid_fault_is_refused_with_the_reason(
    stock: Stock, fault: dict[str, object], complaint: str
) -> None:
    answer = await stock.control.post("/faults", json=fault)
    assert answer.status_code == 422
    assert complaint in str(answer.json()["detail"])
    assert not stock.service.faults.active


async def test_healing_an_inactive_fault_answers_404(stock: Stock) -> None:
    answer = await stock.control.delete("/faults/7")
    assert (answer.status_code, answer.json()) == (404, {"detail": "no fault has the id 7"})


async def test_an_answer_sent_in_two_pieces_leaves_at_once(stock: Stock) -> None:
    await stock.inject("hang")
    _, writer = await raw_request(stock)
    await until(lambda: under_way(stock) == 1)
    served = [each for each in stock.server.server_state.connections if isinstance(each, Connection)]
    (connection,) = [each for each in served if each.cycle and not each.cycle.response_complete]
    tcp = connection.transport.get_extra_info("socket")
    assert tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    writer.close()


async def test_hanging_requests_are_reset_at_one_instant_when_healed_with_reset(stock: Stock) -> None:
    await stock.inject("hang", then="reset")
    asking = [asyncio.create_task(stock.user.get("/bread/rye")) for _ in range(3)]
    await until(lambda: under_way(stock) == 3)
    await stock.heal()
    for answer in await asyncio.gather(*asking, return_exceptions=True):
        assert isinstance(answer, httpx2.ReadError)
    assert not stock.service.ledger.counts


async def test_the_work_is_done_although_its_answer_is_lost(stock: Stock) -> None:
    await stock.inject("lose")
    with pytest.raises(httpx2.ReadError):
        await stock.user.get("/bread/rye")
    assert stock.service.ledger.counts["bread", "rye", "idle"] == 1


async def test_each_hit_prolongs_a_fault_up_to_three_times_its_time(stock: Stock) -> None:
    began = asyncio.get_running_loop().time()
    await stock.inject("error", seconds_active=0.2, prolonged_by=0.1)
    for _ in range(20):
        assert (await stock.user.get("/bread/rye")).status_code == 503
    assert [active.seconds for active in stock.service.faults.active] == [pytest.approx(0.6)]
    await until(lambda: not stock.service.faults.active)
    assert asyncio.get_running_loop().time() - began >= 0.6


async def test_a_fault_without_hits_is_healed_on_time(stock: Stock) -> None:
    await stock.inject("error", seconds_active=0.05, prolonged_by=1.0)
    await until(lambda: not stock.service.faults.active)
    assert (await stock.user.get("/bread/rye")).status_code == 200
