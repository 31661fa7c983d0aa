"""Open users: Locust users that begin visits when the schedule says so, however slow the answers are."""

import itertools
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import gevent
from gevent.pool import Group
from geventhttpclient.client import HTTPClientPool
from locust import FastHttpUser, task
from locust.contrib.fasthttp import FastResponse
from locust.env import Environment
from locust.exception import StopUser

from loadtests.bucket import TokenBucket
from loadtests.shapes import Poisson, Shape
from loadtests.visit import UNREAL_ANSWER, Visit

if TYPE_CHECKING:
    from loadtests.play import Play

MOST_CONNECTIONS = 4096


class OpenUser(FastHttpUser):
    """A kind of users, named after its class in lower case. A lab says what they do in `visit`.

    One instance stands for all users of the kind: each arrival begins a visit in a greenlet of its own. Connections
    are shared by all kinds, and requests alternate strictly between the targets over all of them.
    """

    abstract = True
    fixed_count = 1
    max_redirects = 0
    targets: ClassVar[tuple[str, ...]] = ("http://localhost",)
    arrivals: ClassVar[Shape] = Poisson()
    time_limit: ClassVar[float] = 1.5
    """Seconds from a request's due time until it counts as timed out."""

    tallies: ClassVar[tuple[str, ...]] = ()
    promise: ClassVar[TokenBucket | None] = None
    play: ClassVar["Play"]

    client_pool = HTTPClientPool(concurrency=MOST_CONNECTIONS, network_timeout=60, connection_timeout=60)
    _turns: ClassVar["itertools.count[int]"] = itertools.count()

    def __init__(self, environment: Environment) -> None:
        self.host = self.targets[0]
        super().__init__(environment)
        # Cookies would tell a kind from another.
        self.client.client.cookiejar = None

    @classmethod
    def kind(cls) -> str:
        """Return the kind's name in plans and metrics."""
        return cls.__name__.lower()

    @classmethod
    def all_tallies(cls) -> tuple[str, ...]:
        """Return the names that visits of this kind may tally."""
        return (*cls.tallies, UNREAL_ANSWER)

    def visit(self, visit: Visit) -> None:
        """Do what a user of this kind does from one arrival on."""
        raise NotImplementedError

    @task
    def open_loop(self) -> None:
        """Begin every visit at its time, wait for the last to end, and leave."""
        visits = Group()
        try:
            for arrival in self.play.arrivals(self.kind()):
                self.play.sleep_until(arrival.at)
                visits.spawn(self._visit, Visit(self, self.play, arrival), arrival.phase)
            visits.join()
        finally:
            visits.kill()
        raise StopUser

    def _visit(self, visit: Visit, phase: str) -> None:
        try:
            self.visit(visit)
        except Exception:
            logging.getLogger(__name__).exception("a visit of `%s` failed", self.kind())
        finally:
            self.play.visit_ended(phase)

    def fetch(self, path: str, headers: Mapping[str, str], seconds: float) -> FastResponse | None:
        """Send one request to the next target; return None when its time is up: then its connection is closed."""
        target = self.targets[next(OpenUser._turns) % len(self.targets)]
        # On a closed connection the client would send again as often as its pool has places.
        self.client_pool.get_client(target)._connection_pool.size = 0  # noqa: SLF001 # it has no other switch
        with gevent.Timeout(seconds, exception=False):
            return self.client.get(target + path, name=path.partition("?")[0], headers=dict(headers))
        return None


class Twin(OpenUser):
    """The control twin's trickle: present in every plan."""

    targets = ("http://twin:8000",)

    def visit(self, visit: Visit) -> None:
        """Ask the service that does nothing."""
        visit.get("/", headers={})
