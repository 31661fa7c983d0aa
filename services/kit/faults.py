"""Faults of stock services: their kinds as data, and the active ones.

The docstring of each kind and the descriptions of its parameters are what `er break` shows.
"""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field
from starlette.types import Scope

from kit.cold_start import ColdStart


class UnknownCallerError(ValueError):
    """Report that no host has the name in a fault's `caller`."""


class ServiceFault(BaseModel):
    """Hold the parameters that all faults have in common."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    seconds_active: Annotated[float | None, Field(gt=0, description="seconds after which it heals by itself")] = None
    by_hand: Annotated[bool, Field(description="stays when an incident replaces the faults, until it is healed")] = (
        False
    )


class RequestFault(ServiceFault):
    """Hold the parameters that faults of single requests have in common."""

    share: Annotated[float, Field(gt=0, le=1, description="share of the requests that it hits, up to 1")] = 1.0
    scope: Annotated[str, Field(pattern="^/", description="path that it hits, with all paths below it")] = "/"
    caller: Annotated[str | None, Field(description="only host whose requests it hits")] = None
    hits_for: Annotated[
        float | None, Field(gt=0, description="seconds after which it hits no new request, although it is active")
    ] = None
    prolonged_by: Annotated[float, Field(ge=0, description="seconds that each hit adds to `seconds_active`")] = 0.0
    first: Annotated[int | None, Field(ge=1, description="how many first requests to each path it hits")] = None

    def covers(self, path: str) -> bool:
        """Tell whether a path is in the scope."""
        return path == self.scope or path.startswith(self.scope.rstrip("/") + "/")


class ErrorFault(RequestFault):
    """Answers at once with an HTTP error and does not do the work."""

    kind: Literal["error"] = "error"
    status: Annotated[int, Field(ge=400, le=599, description="HTTP status, 400 to 599")] = 503


class GarbleFault(RequestFault):
    """Answers at once with 200 and a web page, and does not do the work."""

    kind: Literal["garble"] = "garble"


class RefusalFault(RequestFault):
    """Refuses the work with an answer of its own. Only services that may refuse, such as shipping, do so."""

    kind: Literal["refuse"] = "refuse"


class SlowFault(RequestFault):
    """Waits some seconds before it does the work."""

    kind: Literal["slow"] = "slow"
    seconds: Annotated[float, Field(gt=0, le=600, description="seconds that it waits")] = 1.0


class HangFault(RequestFault):
    """Holds every request until the fault is healed, then does the work or resets the connections."""

    kind: Literal["hang"] = "hang"
    then: Annotated[
        Literal["work", "late", "reset"],
        Field(description="when it is healed: work, late (work also for clients that have left), or reset"),
    ] = "work"


class ResetFault(RequestFault):
    """Resets the TCP connection without an answer and does not do the work."""

    kind: Literal["reset"] = "reset"


class LostAnswerFault(RequestFault):
    """Does the work, then resets the TCP connection instead of answering."""

    kind: Literal["lose"] = "lose"


class DripFault(RequestFault):
    """Does the work and answers at once, but sends the body one byte at a time."""

    kind: Literal["drip"] = "drip"
    seconds: Annotated[float, Field(gt=0, le=60, description="seconds between two bytes of the body")] = 0.1


class ColdStartFault(RequestFault):
    """Starts cold: the first calls are slow, and too many calls at once make it fail again."""

    kind: Literal["cold"] = "cold"
    seconds: Annotated[float, Field(gt=0, le=60, description="seconds that the first calls take")] = 0.3
    crowd: Annotated[int, Field(ge=1, description="calls at once that it serves while it is cold")] = 2
    down: Annotated[float, Field(gt=0, le=60, description="seconds of 503 after too many calls at once")] = 0.5


class CapacityFault(ServiceFault):
    """Multiplies the number of workers by a factor."""

    kind: Literal["capacity"] = "capacity"
    factor: Annotated[float, Field(gt=0, le=100, description="2 doubles them, 0.5 halves them, one always stays")] = 2.0


class DownFault(ServiceFault):
    """Closes its port like a dead process. New connections are refused and open ones are reset."""

    kind: Literal["down"] = "down"


AnyFault = (
    ErrorFault
    | GarbleFault
    | RefusalFault
    | SlowFault
    | HangFault
    | ResetFault
    | LostAnswerFault
    | DripFault
    | ColdStartFault
    | CapacityFault
    | DownFault
)


MOST_PROLONGED = 3
"""The limit of `prolonged_by`: a fault lasts at most this multiple of its `seconds_active`."""


class ActiveFault:
    """Follow one injected fault until it is healed.

    Raises UnknownCallerError.
    """

    def __init__(self, number: int, fault: AnyFault) -> None:
        self._since = asyncio.get_running_loop().time()
        self._caller = _address(fault.caller) if isinstance(fault, RequestFault) and fault.caller else None
        self.number = number
        self.fault = fault
        self.healed = asyncio.Event()
        self.seconds = fault.seconds_active
        self.cold = ColdStart(fault.seconds, fault.crowd, fault.down) if isinstance(fault, ColdStartFault) else None
        self._met: Counter[str] = Counter()

    def hits(self, request: Scope) -> bool:
        """Decide whether it hits a new request, at random if it has a share."""
        fault, path, caller = self.fault, request["path"], request["client"][0]
        # It may have been healed while an older fault held the request.
        if not isinstance(fault, RequestFault) or self.healed.is_set() or not fault.covers(path):
            return False
        late = fault.hits_for is not None and asyncio.get_running_loop().time() > self._since + fault.hits_for
        if late or self._caller not in {None, caller}:
            return False
        if fault.first is not None:
            self._met[path] += 1
            if self._met[path] > fault.first:
                return False
        return random.random() < fault.share

    def prolong(self) -> None:
        """Extend the fault's time for one request that it hit."""
        if self.seconds is not None and self.fault.seconds_active and isinstance(self.fault, RequestFault):
            longest = MOST_PROLONGED * self.fault.seconds_active
            self.seconds = min(longest, self.seconds + self.fault.prolonged_by)

    def described(self) -> dict[str, object]:
        """Return the fault as data, with its `id`."""
        return {"id": self.number, **self.fault.model_dump()}


def _address(host: str) -> str:
    # By address, because a caller cannot choose its own. The engine's name service answers at once.
    try:
        return socket.gethostbyname(host)
    except OSError as error:
        raise UnknownCallerError(f"no host has the name `{host}`") from error


class Faults:
    """Keep the active faults of one service, oldest first.

    `held` counts the requests that faults hold.
    """

    def __init__(self) -> None:
        self.active: list[ActiveFault] = []
        self.held = 0
        self._injected = 0
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change from now on."""
        self._listeners.append(listener)

    @property
    def down(self) -> bool:
        """Tell whether the service must close its port."""
        return any(isinstance(active.fault, DownFault) for active in self.active)

    def next(self, after: int) -> ActiveFault | None:
        """Return the oldest active fault with a higher number, or None."""
        return next((active for active in self.active if active.number > after), None)

    def refuse(self, request: Scope) -> bool:
        """Tell whether the service must refuse a request.

        It asks just before the work.
        """
        return any(isinstance(active.fault, RefusalFault) and active.hits(request) for active in self.active)

    def inject(self, fault: AnyFault) -> ActiveFault:
        """Activate a fault until it is healed or expires.

        Raises UnknownCallerError.
        """
        return self._begin(self._made(fault))

    def heal(self, number: int | None = None) -> int:
        """Heal the fault of this number, or all faults.

        Return how many were healed.
        """
        healed = [active for active in self.active if number in {None, active.number}]
        self.active = [active for active in self.active if active not in healed]
        for active in healed:
            active.healed.set()
        self._changed()
        return len(healed)

    def replace(self, wanted: Sequence[AnyFault]) -> list[ActiveFault]:
        """Replace all active faults atomically, except those injected by hand.

        An equal one that is active goes on.
        Raises UnknownCallerError, and then changes nothing.
        """
        left = list(wanted)
        going_on = []
        for active in self.active:
            if active.fault.by_hand:
                going_on.append(active.number)
            elif active.fault in left:
                left.remove(active.fault)
                going_on.append(active.number)
        made = [self._made(fault) for fault in left]
        for active in self.active:
            if active.number not in going_on:
                self.heal(active.number)
        for active in made:
            self._begin(active)
        return self.active

    def _made(self, fault: AnyFault) -> ActiveFault:
        self._injected += 1
        return ActiveFault(self._injected, fault)

    def _begin(self, made: ActiveFault) -> ActiveFault:
        self.active = [*self.active, made]
        self._heal_in_time(made, asyncio.get_running_loop().time())
        self._changed()
        return made

    def _changed(self) -> None:
        for listener in self._listeners:
            listener()

    def _heal_in_time(self, active: ActiveFault, since: float) -> None:
        """Heal a fault when its time is up, which may have been extended meanwhile."""
        loop = asyncio.get_running_loop()
        if active.healed.is_set() or active.seconds is None:
            return
        if loop.time() >= since + active.seconds:
            self.heal(active.number)
        else:
            loop.call_at(since + active.seconds, self._heal_in_time, active, since)


def described_kinds() -> dict[str, dict[str, object]]:
    """Return each kind's description and the parameters that only it has."""
    return {
        kind.model_fields["kind"].default: {
            "describes": kind.__doc__,
            "parameters": {
                name: field.description
                for name, field in kind.model_fields.items()
                if name != "kind" and name not in RequestFault.model_fields
            },
        }
        for kind in get_args(AnyFault)
    }


def described_common() -> dict[str, str | None]:
    """Return the descriptions of the parameters of every request fault."""
    return {name: field.description for name, field in RequestFault.model_fields.items()}
