"""Open-loop users: Locust users that begin visits on schedule, however slow the answers."""

import logging
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

import gevent
from gevent.pool import Group as Greenlets
from geventhttpclient.header import Headers
from locust import FastHttpUser, task
from locust.contrib.fasthttp import FastResponse
from locust.exception import StopUser

from loadtests.answer import Answer, Request
from loadtests.bucket import TokenBucket
from loadtests.connections import Clients
from loadtests.shapes import Poisson, Regular, Shape
from loadtests.subjects import Group
from loadtests.visit import UNREAL_ANSWER, Visit

if TYPE_CHECKING:
    from loadtests.generator import LoadGenerator

STATUSES = frozenset(HTTPStatus)
ASKED = {"Accept-Encoding": "identity"}


class TimeUpError(BaseException):
    """Signal that a request's time is up.

    It is a BaseException, so that the client does not catch it as a failure of its own.
    """


class UncompressedResponse(FastResponse):
    """Refuse compressed answers, which no request asks for and which could fill the memory."""

    def unzipped(self, *_: object, **__: object) -> bytes:
        """Refuse, by raising ValueError."""
        raise ValueError("the answer is packed")


class OpenUser(FastHttpUser):
    """Run all users of one kind, named after its class in lower case.

    A lab defines their behaviour in `visit`. One instance runs all users of the kind, each arrival in a greenlet of
    its own. All kinds share connections, and the play spreads the requests of all kinds
    unevenly over the targets.
    """

    abstract = True
    fixed_count = 1
    host = ""  # each request names its target
    client_pool = Clients()

    targets: ClassVar[tuple[str, ...]] = ()
    arrivals: ClassVar[Shape] = Poisson()
    time_limit: ClassVar[float] = 1.5
    """Seconds from a request's due time until it counts as timed out."""

    tallies: ClassVar[tuple[str, ...]] = ()
    subjects: ClassVar[Group | None] = None
    """The subjects that visits act for; kinds that name the same group share them."""

    promise: ClassVar[TokenBucket | None] = None
    """The promise to each of the subjects."""

    def __init__(self, environment: "LoadGenerator") -> None:
        super().__init__(environment)
        if environment.play is None:
            raise StopUser
        self.play = environment.play
        agent = self.client.client
        # Cookies would identify the kind of a request.
        agent.cookiejar = None
        # Redirects are not followed, because one could lead to a control port.
        vars(agent)["redirect_response_codes"] = frozenset()
        vars(agent)["response_type"] = UncompressedResponse
        # All statuses are valid, because the client would write a report about each other one.
        vars(agent)["valid_response_codes"] = STATUSES

    @classmethod
    def kind(cls) -> str:
        """Return the kind's name in plans and metrics."""
        return cls.__name__.lower()

    @classmethod
    def all_tallies(cls) -> tuple[str, ...]:
        """Return the names that visits of this kind may tally."""
        return (*cls.tallies, UNREAL_ANSWER)

    def visit(self, visit: Visit) -> None:
        """Act as one user of this kind, from one arrival on."""
        raise NotImplementedError

    @task
    def open_loop(self) -> None:
        """Begin every visit at its time, wait for the last to end, and leave."""
        visits = Greenlets()
        try:
            for arrival in self.play.arrivals[self.kind()]:
                self.play.sleep_until(self.play.zero + arrival.at)
                visits.spawn(self._visit, Visit(self, self.play, arrival), arrival.phase)
            visits.join()
        finally:
            visits.kill()
        raise StopUser

    def _visit(self, visit: Visit, phase: int) -> None:
        try:
            self.visit(visit)
        except Exception:
            logging.getLogger(__name__).exception("a visit of `%s` failed", self.kind())
        finally:
            self.play.visit_ended(phase)

    def fetch(self, request: Request, due: float) -> tuple[Answer, str]:
        """Send one request to its target, or to one that the play draws.

        Return the answer and the status it counts under.
        When the time is up, the connection is closed.
        """
        timer = gevent.Timeout.start_new(due + self.time_limit - time.monotonic(), TimeUpError())
        try:
            answer = self._answer(request, due)
        except TimeUpError:
            # Exactly the limit, because any further delay is the generator's own.
            return Answer(0, time.monotonic(), self.time_limit), "timeout"
        except Exception:  # noqa: BLE001 # whatever an answer does to the client, it is no answer
            answer = self._unanswered(due)
        finally:
            timer.close()
        return answer, str(answer.status or "error")

    def _answer(self, request: Request, due: float) -> Answer:
        target = self.play.spread.target(self.targets) if request.target is None else request.target
        url, headers = self.play.spread.replica(target) + request.path, ASKED | dict(request.headers)
        with self.client.request(
            request.method, url, name=self.kind(), headers=headers, data=request.body, catch_response=True
        ) as response:
            if response.request_meta["exception"] or response.status_code not in STATUSES:
                return self._unanswered(due)
            now = time.monotonic()
            return Answer(response.status_code, now, now - due, _joined(response.headers), response.content or b"")

    @staticmethod
    def _unanswered(due: float) -> Answer:
        now = time.monotonic()
        return Answer(0, now, now - due)


def _joined(headers: Headers) -> dict[str, str]:
    """Return headers by lower-case name, with repeated ones joined as in HTTP."""
    found: dict[str, list[str]] = {}
    for name, value in headers.items():
        found.setdefault(name.lower(), []).append(value)
    return {name: ", ".join(values) for name, values in found.items()}


class Twin(OpenUser):
    """Send a trickle of requests to the control twin, in every plan."""

    targets = ("http://twin:8000",)
    # Regular, because Poisson arrivals could leave a short phase without a request.
    arrivals = Regular()

    def visit(self, visit: Visit) -> None:
        """Ask the service that does nothing."""
        visit.get("/")
