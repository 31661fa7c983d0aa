"""A fake of Redis: the few commands that patients use, with faults at the worst moment."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from fnmatch import fnmatchcase
from hashlib import sha1
from itertools import pairwise

Words = list[bytes]

Script = Callable[["FakeRedis", Sequence[bytes], Sequence[bytes]], None]
"""What a patient's Lua script does with the store, its keys and its arguments."""

OK = b"+OK\r\n"
NULL = b"_\r\n"
HELLO = b"%2\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n"
"""Replies of RESP3."""


def bulk(value: bytes | None) -> bytes:
    """Return a string as a reply."""
    return NULL if value is None else b"$%d\r\n%s\r\n" % (len(value), value)


def array(*items: bytes, mark: bytes = b"*") -> bytes:
    """Return replies as one."""
    return b"%s%d\r\n%s" % (mark, len(items), b"".join(items))


class FakeRedis:
    """Keep strings with their time to live, and send messages to subscribers.

    `script` stands for all Lua scripts. Nothing expires. `lives` has each key's time to live in seconds, None for ever.
    """

    def __init__(self, script: Script) -> None:
        self.data: dict[bytes, bytes] = {}
        self.lives: dict[bytes, float | None] = {}
        self._script = script
        self._known: set[bytes] = set()
        self._connections: set[asyncio.StreamWriter] = set()
        self._subscribers: set[asyncio.StreamWriter] = set()
        self._answering = asyncio.Event()
        self._answering.set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve inside the block, at the URL that it gets."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        finally:
            server.close()
            self.resume()
            self._close(self._connections)

    @property
    def subscribers(self) -> int:
        """Return the number of connections that are subscribed."""
        return len(self._subscribers)

    def publish(self, text: str) -> None:
        """Send a message to all subscribers."""
        for writer in self._subscribers:
            writer.write(array(bulk(b"message"), bulk(b"prices"), bulk(text.encode()), mark=b">"))

    def cut(self) -> None:
        """Close the connections of all subscribers."""
        self._close(self._subscribers)

    def restart(self) -> None:
        """Close all connections, and lose all keys and scripts."""
        for kept in (self.data, self.lives, self._known):
            kept.clear()
        self._close(self._connections)

    def pause(self) -> None:
        """Accept connections and commands, but answer nothing."""
        self._answering.clear()

    def resume(self) -> None:
        """Answer again, also what came meanwhile."""
        self._answering.set()

    def put(self, key: bytes, value: bytes, seconds: float | None) -> None:
        """Keep a value for these seconds."""
        self.data[key], self.lives[key] = value, seconds

    def _close(self, writers: set[asyncio.StreamWriter]) -> None:
        for writer in set(writers):
            self._subscribers.discard(writer)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                words = [await _bulk_from(reader) for _ in range(int((await reader.readuntil())[1:]))]
                await self._answering.wait()
                writer.write(self._answer(words, writer))
                await writer.drain()
        for group in (self._connections, self._subscribers):
            group.discard(writer)
        writer.close()

    def _answer(self, words: Words, writer: asyncio.StreamWriter) -> bytes:
        name, *rest = words
        if name.upper() == b"SUBSCRIBE":
            self._subscribers.add(writer)
            return array(bulk(b"subscribe"), bulk(rest[0]), b":1\r\n", mark=b">")
        commands: dict[bytes, Callable[[Words], bytes]] = {
            b"HELLO": lambda _: HELLO,
            b"GET": lambda rest: bulk(self.data.get(rest[0])),
            b"SET": self._set,
            b"DEL": self._delete,
            b"UNLINK": self._delete,
            b"SCAN": self._scan,
            b"SCRIPT": self._run,
            b"EVALSHA": self._run,
        }
        command = commands.get(name.upper())
        return command(rest) if command else OK

    def _delete(self, rest: Words) -> bytes:
        return b":%d\r\n" % sum(self.data.pop(key, None) is not None for key in rest)

    def _scan(self, rest: Words) -> bytes:
        pattern = rest[rest.index(b"MATCH") + 1].decode()
        return array(bulk(b"0"), array(*(bulk(key) for key in self.data if fnmatchcase(key.decode(), pattern))))

    def _set(self, rest: Words) -> bytes:
        key, value, *options = rest
        lives = {b"EX": 1.0, b"PX": 0.001}
        seconds = [lives[unit] * float(time) for unit, time in pairwise(options) if unit in lives]
        kept = self.data.get(key)
        if kept is None or b"NX" not in options:
            self.put(key, value, seconds[0] if seconds else None)
            done = OK
        else:
            done = NULL
        return bulk(kept) if b"GET" in options else done

    def _run(self, rest: Words) -> bytes:
        if rest[0].upper() == b"LOAD":
            digest = sha1(rest[1]).hexdigest().encode()  # noqa: S324 # as Redis does
            self._known.add(digest)
            return bulk(digest)
        if rest[0] not in self._known:
            return b"-NOSCRIPT No matching script.\r\n"
        end = 2 + int(rest[1])
        self._script(self, rest[2:end], rest[end:])
        return NULL


async def _bulk_from(reader: asyncio.StreamReader) -> bytes:
    size = int((await reader.readuntil())[1:])
    return (await reader.readexactly(size + 2))[:-2]
