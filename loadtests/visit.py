"""One visit: what a user does from one arrival on, each request counted and timed."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any

import gevent

from loadtests.record import Held
from loadtests.schedule import Arrival, names

if TYPE_CHECKING:
    from locust.contrib.fasthttp import FastResponse

    from loadtests.play import Play
    from loadtests.users import OpenUser

LATEST_SECONDS = 1.0
"""A request this late is not sent any more: the generator has failed, and sending late would bunch the load."""

UNREAL_ANSWER = "unreal_answer"
"""The tally of answers with status 200 whose receipt is missing, forged or replayed; every kind has it."""

OK = 200


@dataclass(frozen=True)
class Answer:
    """How a request ended. `status` is 0 when there was none; `genuine` says that a 200 carries its receipt."""

    status: int
    latency: float
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    genuine: bool = False

    @cached_property
    def body(self) -> dict[str, Any]:
        """Return the JSON object of the body, empty when it holds none."""
        try:
            body = json.loads(self.content)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}


class Visit:
    """What a locustfile's `visit` works with. `number` counts the kind's visits, `random` is drawn from the seed."""

    def __init__(self, user: "OpenUser", play: "Play", arrival: Arrival) -> None:
        self.number = arrival.number
        self.random = Random(f"{play.plan.seed}:{arrival.kind}:{arrival.number}")
        self._user = user
        self._play = play
        self._arrival = arrival
        self._due: float | None = play.zero + arrival.at

    def names(self, label: str, count: int) -> list[str]:
        """Return names drawn from the seed, the same ones for a label in every visit of a play."""
        return names(self._play.plan.seed, label, count)

    def pause(self, seconds: float) -> None:
        """Stay silent for a time."""
        gevent.sleep(seconds)

    def tally(self, name: str, count: int = 1) -> None:
        """Count something of one's own (`load_tally_total`); the user class declares the names."""
        self._play.record.tallies[self._arrival.kind, self._arrival.phase, name] += count

    def volley(self, count: int, request: Callable[[], Answer]) -> list[Answer]:
        """Make `count` requests at one instant and return their answers."""
        due = self._take_due()

        def one() -> Answer:
            self._due = due
            return request()

        return [greenlet.get() for greenlet in gevent.joinall([gevent.spawn(one) for _ in range(count)])]

    def get(
        self, path: str, *, headers: Mapping[str, str], subject: str = "", receipt_for: tuple[str, ...] = ()
    ) -> Answer:
        """Send a GET to the next target and return how it ended.

        The visit's first request is due at the arrival's time, later ones at once. `subject`: whose promise counts.
        `receipt_for`: a 200 must carry a genuine `receipt` for these parts, otherwise it is tallied as unreal.
        """
        kind, phase, record = self._arrival.kind, self._arrival.phase, self._play.record
        due = self._take_due()
        started = time.monotonic()
        record.intended[kind, phase] += 1
        record.lag[phase] = max(record.lag[phase], started - due)
        if started - due > LATEST_SECONDS:
            record.answered(kind, phase, "unsent", self._user.time_limit)
            return Answer(0, self._user.time_limit)
        record.sent[kind, phase] += 1
        answer = self._send(path, headers, due)
        if answer.status == OK and receipt_for:
            genuine = self._play.receipts.genuine(str(answer.body.get("receipt", "")), *receipt_for)
            answer = Answer(answer.status, answer.latency, answer.headers, answer.content, genuine)
            if not genuine:
                self.tally(UNREAL_ANSWER)
        if subject:
            record.subjects.add((kind, subject))
            if promise := self._user.promise:
                record.hold(Held(started, subject, kind, phase, promise, answer.genuine))
        return answer

    def _take_due(self) -> float:
        due, self._due = self._due, None
        return time.monotonic() if due is None else due

    def _send(self, path: str, headers: Mapping[str, str], due: float) -> Answer:
        kind, phase = self._arrival.kind, self._arrival.phase
        response = self._user.fetch(path, headers, max(0.001, due + self._user.time_limit - time.monotonic()))
        latency = time.monotonic() - due
        if response is None or latency >= self._user.time_limit:
            self._play.record.answered(kind, phase, "timeout", self._user.time_limit)
            return Answer(0, self._user.time_limit)
        status = response.status_code
        self._play.record.answered(kind, phase, str(status) if status else "error", latency)
        return Answer(status, latency, _headers(response), response.content or b"")


def _headers(response: "FastResponse") -> dict[str, str]:
    return {name.lower(): value for name, value in (response.headers or {}).items()}
