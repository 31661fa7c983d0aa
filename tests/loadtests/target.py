"""A target on a loopback port, with a behaviour for each path.

It remembers all requests.
"""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    """Record a request and the client's port.

    `at` is in seconds of the monotonic clock.
    """

    at: float
    method: str
    path: str
    headers: Message
    port: int


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: "Target"

    def do_GET(self) -> None:  # the name that the base class calls
        """Remember the request and answer it as the path says."""
        path = self.path.partition("?")[0]
        with self.server.lock:
            self.server.requests.append(
                Request(time.monotonic(), self.command, path, self.headers, self.client_address[1])
            )
        self.server.answers.get(path, answer(200, b"{}"))(self)

    do_POST = do_GET  # noqa: N815 # the name that the base class calls

    def body(self) -> bytes:
        """Return the body of the request."""
        return self.rfile.read(int(self.headers["content-length"]))

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Answer."""
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


Behaviour = Callable[[Handler], None]


def answer(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """Return the behaviour of always giving this answer."""
    return lambda handler: handler.say(status, body, **headers)


def close(handler: Handler) -> None:
    """Close the connection without an answer."""
    handler.close_connection = True


def truncate(handler: Handler) -> None:
    """Promise more than is sent."""
    handler.say(200, b'{"receipt": ', content_length="100")
    handler.close_connection = True


def talk_nonsense(handler: Handler) -> None:
    """Answer with bytes that are not HTTP."""
    handler.wfile.write(b"\x00\x01 nonsense\r\n\r\n")
    handler.close_connection = True


def never_end(handler: Handler) -> None:
    """Send an endless body until the client leaves."""
    with suppress(OSError):
        handler.say(200, content_length=str(1 << 40))
        while True:
            handler.wfile.write(bytes(1 << 16))
    handler.close_connection = True


def be_silent(handler: Handler) -> None:
    """Never answer, and count a connection that the client closes."""
    if not handler.connection.recv(1):
        with handler.server.lock:
            handler.server.abandoned[handler.path] += 1
    handler.close_connection = True


def stall(handler: Handler) -> None:
    """Answer when the test says so."""
    handler.server.stall_ends.wait(30)
    handler.say(200, b"{}")


class Target(ThreadingHTTPServer):
    """A server with a thread for each connection."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.requests: list[Request] = []
        self.answers: dict[str, Behaviour] = {}
        self.abandoned: Counter[str] = Counter()
        self.stall_ends = threading.Event()

    @property
    def url(self) -> str:
        """Return the address."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Print nothing, because tests make clients leave."""

    def seen(self, path: str) -> list[Request]:
        """Return the requests for a path so far."""
        with self.lock:
            return [request for request in self.requests if request.path == path]


@contextmanager
def targets(number: int) -> Iterator[list[Target]]:
    """Serve some targets."""
    with ExitStack() as stack:
        made = [stack.enter_context(Target()) for _ in range(number)]
        for target in made:
            threading.Thread(target=target.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            stack.callback(target.shutdown)
        yield made
