import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from patience import PATIENCE
from probing import ScriptedService, answering, import_patient
from starlette.responses import Response

from grader.course.course import Course
from grader.course.fixes import accepted

pytestmark = pytest.mark.anyio

FIXES = sorted(accepted(Course.here().lab("03")))
ADMITTED = {
    "sliding-window": b":1\r\n",
    "token-bucket-lua": b"$1\r\n0\r\n",
    "with-pyrate-limiter": b"*2\r\n:-1\r\n:0\r\n",
}
REFUSED = {
    "sliding-window": b"_\r\n",
    "token-bucket-lua": b"$3\r\n0.1\r\n",
    "with-pyrate-limiter": b"*2\r\n:0\r\n:100\r\n",
}
STATISTICS = b"*4\r\n_\r\n:-2\r\n$2\r\n20\r\n:3900\r\n"
"""What the script of `limits` returns for 20 requests in the last 0.1 s."""


class ScriptedRedis:
    """Answer each script by the fix's own reply, as soon as the store goes on."""

    def __init__(self, *replies: bytes) -> None:
        self.commands: list[str] = []
        self.going_on = asyncio.Event()
        self.going_on.set()
        self.scripts_lost = False
        self._replies = list(replies)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve inside the block, at the URL that it gets."""
        connections: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            connections.add(task)
            try:
                await self._converse(reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        try:
            yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        finally:
            server.close()
            for task in connections:
                task.cancel()
            await asyncio.gather(*connections)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            count = int((await reader.readuntil(b"\r\n"))[1:])
            words = []
            for _ in range(count):
                size = int((await reader.readuntil(b"\r\n"))[1:])
                words.append((await reader.readexactly(size + 2))[:-2].decode())
            command = words[0].upper()
            reply = await self._reply(command)
            writer.write(reply)
            await writer.drain()

    async def _reply(self, command: str) -> bytes:
        if command == "HELLO":
            return b"%1\r\n$5\r\nproto\r\n:3\r\n"
        if command == "CLIENT":
            return b"+OK\r\n"
        self.commands.append(command)
        await self.going_on.wait()
        if command == "SCRIPT":
            self.scripts_lost = False
            return b"$1\r\nx\r\n"
        if command == "TIME":
            return b"*2\r\n$10\r\n1800000000\r\n$1\r\n0\r\n"
        if self.scripts_lost:
            return b"-NOSCRIPT No matching script.\r\n"
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]


class Gateway:
    """Ask a fix's gateway for quotes, with a scripted Redis and scripted quotes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, fix: str) -> None:
        self.fix = fix
        self.quotes = ScriptedService(answering(200, {"price": 1}))
        self._monkeypatch, self._folder = monkeypatch, folder

    @asynccontextmanager
    async def beside(self, redis: str) -> AsyncIterator[None]:
        """Run beside the Redis at this URL."""
        async with self.quotes.serving() as quotes:
            variables = {"REDIS_URL": redis, "QUOTES_URL": quotes}
            self._module = import_patient(self._monkeypatch, self._folder, "03", self.fix, **variables)
            async with self._module.quotes, self._module.store:
                yield

    async def ask(self) -> Response:
        """Ask for one quote."""
        async with asyncio.timeout(PATIENCE):
            answer: Response = await self._module.quote("ACME", "tenant-1")
        return answer


@pytest.fixture(params=FIXES)
def gateway(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gateway:
    return Gateway(monkeypatch, tmp_path, request.param)


async def test_an_admitted_request_gets_a_quote(gateway: Gateway) -> None:
    async with ScriptedRedis(ADMITTED[gateway.fix]).serving() as url, gateway.beside(url):
        assert (await gateway.ask()).status_code == 200


async def test_a_refused_request_gets_429_and_costs_quotes_nothing(gateway: Gateway) -> None:
    async with ScriptedRedis(REFUSED[gateway.fix], STATISTICS).serving() as url, gateway.beside(url):
        answer = await gateway.ask()
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == ("2" if gateway.fix == "sliding-window" else "1")
    assert not gateway.quotes.requests


async def test_a_gateway_without_redis_admits(gateway: Gateway) -> None:
    async with ScriptedRedis(b"").serving() as url:
        gone = url
    async with gateway.beside(gone):
        assert (await gateway.ask()).status_code == 200


async def test_a_gateway_with_a_stalled_redis_admits_in_time(gateway: Gateway) -> None:
    redis = ScriptedRedis(REFUSED[gateway.fix], STATISTICS)
    async with redis.serving() as url, gateway.beside(url):
        redis.going_on.clear()
        assert (await gateway.ask()).status_code == 200


async def test_a_restart_of_redis_that_lost_the_scripts_goes_unnoticed(gateway: Gateway) -> None:
    redis = ScriptedRedis(REFUSED[gateway.fix], STATISTICS)
    async with redis.serving() as url, gateway.beside(url):
        redis.scripts_lost = True
        assert (await gateway.ask()).status_code == 429
    assert "SCRIPT" in redis.commands


async def test_a_request_after_a_cancelled_one_gets_its_own_answer(gateway: Gateway) -> None:
    redis = ScriptedRedis(ADMITTED[gateway.fix], REFUSED[gateway.fix], STATISTICS)
    async with redis.serving() as url, gateway.beside(url):
        redis.going_on.clear()
        asking = asyncio.create_task(gateway.ask())
        async with asyncio.timeout(PATIENCE):
            while not redis.commands:  # noqa: ASYNC110 # the list has no event
                await asyncio.sleep(0.001)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        redis.going_on.set()
        if gateway.fix == "with-pyrate-limiter":
            # The cancelled request had asked for the time, and did not come to its token.
            assert (await gateway.ask()).status_code == 200
        assert (await gateway.ask()).status_code == 429
