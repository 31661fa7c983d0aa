"""Redis as labs run it: the rights of a patient, and limiters."""

import asyncio
import importlib.util
import math
import secrets
import time
from types import ModuleType

import pytest
from real_stores import OWNERS_PASSWORD, Store
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from grader.course.course import Course
from grader.course.fixes import accepted, candidate_folder
from grader.engine.container_faults import STORE_FAULTS, ContainerPort
from grader.engine.port import InjectedFault
from grader.engine.refusals import refused_by_redis

pytestmark = pytest.mark.engine

COURSE = Course.here()
AHEAD_SECONDS = 1.5
"""By how much the wall clock of one gateway of lab 03 is ahead."""


@pytest.fixture
def url(redis: Store) -> str:
    return redis.patient


def fix(name: str, url: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import a fix of lab 03 against this Redis."""
    monkeypatch.setenv("REDIS_URL", url)
    path = candidate_folder(COURSE, COURSE.lab("03"), name) / "gateway.py"
    spec = importlib.util.spec_from_file_location("gateway", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_patients_account_can_keep_state(url: str) -> None:
    with Redis.from_url(url) as store:
        assert store.set("key", "value")
        assert store.eval("return redis.call('GET', KEYS[1])", 1, "key") == b"value"


@pytest.mark.parametrize("command", ["FLUSHALL", "CONFIG GET *", "INFO", "ACL LIST", "KEYS *", "MONITOR", "SHUTDOWN"])
def test_a_patients_account_can_neither_read_nor_reset_the_server(url: str, command: str) -> None:
    with Redis.from_url(url) as store, pytest.raises(NoPermissionError):
        store.execute_command(*command.split())


def test_a_client_without_an_account_is_refused(redis: Store) -> None:
    with Redis.from_url(redis.owner) as store, pytest.raises(AuthenticationError):
        store.ping()


def test_the_owner_may_do_everything_with_a_secret_password(redis: Store) -> None:
    with Redis.from_url(redis.owner, username="er", password=OWNERS_PASSWORD) as store:
        assert store.flushdb()
    for guess in ("SECRET", "er", "patient", ""):
        with Redis.from_url(redis.owner, username="er", password=guess) as store, pytest.raises(AuthenticationError):
            store.ping()


def test_a_paused_store_does_not_answer_but_keeps_its_data(redis: Store, url: str) -> None:
    port = ContainerPort("redis", redis.container, STORE_FAULTS["redis"])
    with Redis.from_url(url, socket_timeout=0.2, retry=Retry(NoBackoff(), 0)) as store:
        store.set("key", "kept")
        port.replace([InjectedFault("pause")])
        with pytest.raises(RedisTimeoutError):
            store.get("key")
        port.replace([])
        assert store.get("key") == b"kept"


def test_the_commands_that_were_refused_to_a_patient_are_counted(redis: Store, url: str) -> None:
    before = refused_by_redis(redis.container)
    with Redis.from_url(url) as store:
        for command in ("KEYS *", "KEYS *", "CONFIG GET *"):
            with pytest.raises(NoPermissionError):
                store.execute_command(*command.split())
        assert store.ping()
    after = refused_by_redis(redis.container)
    assert {command: after[command] - before.get(command, 0) for command in ("KEYS", "CONFIG GET")} == {
        "KEYS": 2,
        "CONFIG GET": 1,
    }


def test_a_cut_ends_subscriptions_and_keeps_other_connections(redis: Store, url: str) -> None:
    port = ContainerPort("redis", redis.container, STORE_FAULTS["redis"])
    with Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as store, store.pubsub() as channel:
        channel.subscribe("prices")
        assert channel.get_message(timeout=5)
        before = store.client_id()
        port.replace([InjectedFault("cut")])
        with pytest.raises(RedisConnectionError):
            channel.get_message(timeout=5)
        assert store.client_id() == before


def test_a_volley_takes_no_more_than_a_burst_from_a_token_bucket(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = fix("token-bucket-lua", url, monkeypatch)
    key = f"bucket:{secrets.token_hex(4)}"

    async def volley() -> list[float]:
        async with AsyncRedis.from_url(url) as other:
            takes = [gateway.take_token([key], [0.001, 20], client=(gateway.store, other)[n % 2]) for n in range(60)]
            waits = [float(wait) for wait in await asyncio.gather(*takes)]
        await gateway.store.aclose()
        return waits

    waits = asyncio.run(volley())
    assert sum(wait == 0 for wait in waits) == 20
    assert all(999 < wait <= 1000 for wait in waits if wait)


def test_the_wait_that_a_token_bucket_returns_is_true(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = fix("token-bucket-lua", url, monkeypatch)
    key = f"bucket:{secrets.token_hex(4)}"

    async def take_again_after_the_wait() -> tuple[float, float]:
        assert float(await gateway.take_token([key], [5, 1])) == 0
        wait = float(await gateway.take_token([key], [5, 1]))
        await asyncio.sleep(wait)
        again = float(await gateway.take_token([key], [5, 1]))
        await gateway.store.aclose()
        return wait, again

    wait, again = asyncio.run(take_again_after_the_wait())
    assert 0 < wait <= 0.2
    assert again == 0


class Gateways:
    """Two gateways with an accepted fix of lab 03, of which one has a wall clock that is ahead."""

    def __init__(self, name: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.right, self.ahead = (fix(name, url, monkeypatch) for _ in range(2))
        self.tenant = f"tenant-{secrets.token_hex(4)}"
        self._monkeypatch = monkeypatch

    async def waits(self, gateway: ModuleType, count: int) -> list[float]:
        """Return how long a gateway tells the tenant to wait, for this many requests at once."""
        with self._monkeypatch.context() as clock:
            if gateway is self.ahead:
                now, now_ns = time.time, time.time_ns
                clock.setattr(time, "time", lambda: now() + AHEAD_SECONDS)
                clock.setattr(time, "time_ns", lambda: now_ns() + int(AHEAD_SECONDS * 1e9))
            return list(await asyncio.gather(*(gateway.seconds_to_wait(self.tenant) for _ in range(count))))

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self.right.store.aclose()
        await self.ahead.store.aclose()


@pytest.fixture(params=sorted(accepted(COURSE.lab("03"))))
def gateways(request: pytest.FixtureRequest, url: str, monkeypatch: pytest.MonkeyPatch) -> Gateways:
    return Gateways(request.param, url, monkeypatch)


@pytest.mark.parametrize("first", ["right", "ahead"])
def test_gateways_whose_clocks_differ_keep_one_limit(gateways: Gateways, first: str) -> None:
    one, other = (gateways.right, gateways.ahead)[:: 1 if first == "right" else -1]

    async def bursts() -> tuple[list[float], list[float]]:
        try:
            return await gateways.waits(one, 20), await gateways.waits(other, 20)
        finally:
            await gateways.close()

    burst, more = asyncio.run(bursts())
    assert sum(wait == 0 for wait in burst) >= 19
    assert sum(wait == 0 for wait in burst + more) <= 24
    assert all(0 < wait <= 3 for wait in more if wait)


def test_the_wait_that_one_gateway_tells_is_true_at_the_other(gateways: Gateways) -> None:
    async def come_back() -> tuple[float, list[float]]:
        try:
            told = max(await gateways.waits(gateways.ahead, 26))
            await asyncio.sleep(math.ceil(told))
            return told, await gateways.waits(gateways.right, 1)
        finally:
            await gateways.close()

    told, again = asyncio.run(come_back())
    assert told > 0
    assert again == [0]


def test_the_state_of_a_tenant_that_has_gone_expires(gateways: Gateways, url: str) -> None:
    async def use() -> None:
        try:
            await gateways.waits(gateways.right, 26)
        finally:
            await gateways.close()

    asyncio.run(use())
    with Redis.from_url(url) as store:
        lives = [store.pttl(key) for key in store.scan_iter(f"*{gateways.tenant}*")]
    assert lives
    assert all(0 < life <= 5000 for life in lives)
