"""Visit: the requests of a user from one arrival on, each counted and timed."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING

import gevent

from loadtests.answer import Answer, Request

if TYPE_CHECKING:
    from loadtests.play import Play
    from loadtests.schedule import Arrival
    from loadtests.users import OpenUser

LATEST_SECONDS = 1.0
"""A request later than this is not sent, because the generator has failed and late sending would bunch the load."""

ReceiptParts = Sequence[str] | Mapping[int, Sequence[str]] | Callable[[Answer], Sequence[str]]
"""The parts that a success's receipt must be for: by status where they differ, or as the answer names them."""

UNREAL_ANSWER = "unreal_answer"
"""The tally of successes whose receipt is missing, forged or replayed; every kind has it."""


class Visit:
    """Send and time the requests of a locustfile's `visit`.

    `number` counts the kind's visits; `names` are the subjects of the kind's group.
    """

    def __init__(self, user: "OpenUser", play: "Play", arrival: "Arrival") -> None:
        self.number = arrival.number
        self.names: Sequence[str] = play.subjects[user.kind()]
        self._user = user
        self._play = play
        self._where = user.kind(), play.plan.phases[arrival.phase].name
        self._due: float | None = play.zero + arrival.at

    @cached_property
    def random(self) -> Random:
        """Return a generator that is seeded by seed, kind and number alone."""
        kind, _ = self._where
        return Random(f"{self._play.plan.seed}:{kind}:{self.number}")

    def tally(self, name: str, count: int = 1) -> None:
        """Count in `load_tally_total`, under a name that the user class declares."""
        if name not in self._user.all_tallies():
            raise ValueError(f"`{self._user.kind()}` declares no tally `{name}`")
        self._play.record.tallies[*self._where, name] += count

    def pause(self, seconds: float, since: float | None = None) -> None:
        """Wait until `seconds` after a monotonic time (default: now), when the next request is due."""
        now = time.monotonic()
        due = max(now, (now if since is None else since) + seconds)
        self._play.sleep_until(due)
        # Set after the sleep, because others of the same volley may ask meanwhile.
        self._due = due

    def volley(self, count: int, ask: Callable[[], Answer]) -> list[Answer]:
        """Call `ask` `count` times at one instant and return the answers."""
        due = self._take_due()

        def one() -> Answer:
            self._due = due
            return ask()

        asking = [gevent.spawn(one) for _ in range(count)]
        try:
            return [greenlet.get() for greenlet in asking]
        finally:
            gevent.killall(asking)

    def get(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        subject: str | None = None,
        receipt_for: ReceiptParts = (),
        target: str | None = None,
    ) -> Answer:
        """Send a GET to the named target or a drawn one, and return its answer.

        The visit's first request is due at the arrival's time, later ones at once or at the end of a pause. `subject`
        names the tenant whose promise covers it. `receipt_for` gives the parts of a success's receipt; a success
        without it is tallied. Given by status, no other status is a success.
        """
        return self._ask(Request("GET", path, headers or {}, target=target), subject, receipt_for)

    def post(  # noqa: PLR0913 # what a request can have
        self,
        path: str,
        body: object,
        headers: Mapping[str, str] | None = None,
        *,
        subject: str | None = None,
        receipt_for: ReceiptParts = (),
        target: str | None = None,
    ) -> Answer:
        """Send a POST with a JSON body, otherwise like `get`."""
        headers = {"Content-Type": "application/json", **(headers or {})}
        return self._ask(Request("POST", path, headers, json.dumps(body), target), subject, receipt_for)

    def vouched(self, answer: Answer, *parts: str) -> bool:
        """Verify a receipt that several answers may carry.

        Tally a missing or false one.
        """
        authentic = self._play.receipts.authentic(answer.body.get("receipt"), *parts)
        if not authentic:
            self.tally(UNREAL_ANSWER)
        return authentic

    def _ask(self, request: Request, subject: str | None, receipt_for: ReceiptParts) -> Answer:
        record, due = self._play.record, self._take_due()
        now = time.monotonic()
        record.intend(self._where, now - due)
        if now - due > LATEST_SECONDS:
            record.end(self._where, "unsent", now - due)
            return Answer(0, now, now - due)
        record.sent[self._where] += 1
        reference = self._play.references.get(subject) if subject else None
        claim = reference.send(now, self._where) if reference else None
        answer, status = Answer(0, now, 0.0), "dropped"
        try:
            answer, status = self._user.fetch(request, due)
            if answer.succeeded:
                answer = self._verified(answer, receipt_for)
        finally:
            record.end(self._where, status, time.monotonic() - due)
            if reference and claim:
                reference.end(claim, admitted=answer.genuine)
        return answer

    def _take_due(self) -> float:
        due, self._due = self._due, None
        return time.monotonic() if due is None else due

    def _verified(self, answer: Answer, receipt_for: ReceiptParts) -> Answer:
        if callable(receipt_for):
            receipt_for = receipt_for(answer)
        parts = receipt_for.get(answer.status) if isinstance(receipt_for, Mapping) else receipt_for
        genuine = parts is not None and (not parts or self._play.receipts.genuine(answer.body.get("receipt"), *parts))
        if not genuine:
            self.tally(UNREAL_ANSWER)
        return replace(answer, genuine=genuine)
