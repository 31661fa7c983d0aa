"""Faults: data that describes what goes wrong, and those of them that are active."""

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
    """There is no host of the name that a fault's `caller` has."""


class ServiceFault(BaseModel):
    """What all faults have in common."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    seconds_active: Annotated[float | None, Field(gt=0, description="heals by itself after so many seconds")] = None


class RequestFault(ServiceFault):
    """What faults that hit single requests have in common."""

    share: Annotated[float, Field(gt=0, le=1, description="share of the requests that it hits, up to 1")] = 1.0
    scope: Annotated[str, Field(pattern="^/", description="path that it hits, with all below")] = "/"
    caller: Annotated[str | None, Field(description="host whose requests alone it hits")] = None
    hits_for: Annotated[
        float | None, Field(gt=0, description="seconds after which it hits nobody new, though it is not healed")
    ] = None
    prolonged_by: Annotated[float, Field(ge=0, description="seconds that each request it hits adds to its time")] = 0.0
    first: Annotated[int | None, Field(ge=1, description="hits just the first so many requests to each path")] = None

    def covers(self, path: str) -> bool:
        """Tell whether a path is in the scope."""
        return path == self.scope or path.startswith(self.scope.rstrip("/") + "/")


class ErrorFault(RequestFault):
    """Answers with an error at once and does not do the work."""

    kind: Literal["error"] = "error"
    status: Annotated[int, Field(ge=400, le=599, description="HTTP status, 400 to 599")] = 503


class RefusalFault(RequestFault):
    """Says no to the work, in the service's own words, where the service is one that may: an answer, not a failure."""

    kind: Literal["refuse"] = "refuse"


class SlowFault(RequestFault):
    """Waits before it does the work."""

    kind: Literal["slow"] = "slow"
    seconds: Annotated[float, Field(gt=0, le=600, description="how long it waits")] = 1.0


class HangFault(RequestFault):
    """Waits until it is healed before it does the work, or resets the connections, all at one instant."""

    kind: Literal["hang"] = "hang"
    then: Annotated[
        Literal["work", "late", "reset"],
        Field(description="when it is healed: work, late (work also for those who are gone), or reset"),
    ] = "work"


class ResetFault(RequestFault):
    """Closes the TCP connection without an answer and does not do the work."""

    kind: Literal["reset"] = "reset"


class LostAnswerFault(RequestFault):
    """Does the work and then closes the TCP connection instead of answering."""

    kind: Literal["lose"] = "lose"


class ColdStartFault(RequestFault):
    """Has just started: warms up by the first calls, and more than a few at once knock it down again."""

    kind: Literal["cold"] = "cold"
    seconds: Annotated[float, Field(gt=0, le=60, description="how long the first calls take")] = 0.3
    crowd: Annotated[int, Field(ge=1, description="as many calls at once it bears")] = 2
    down: Annotated[float, Field(gt=0, le=60, description="how long it answers 503 once it is knocked down")] = 0.5


class CapacityFault(ServiceFault):
    """Multiplies the number of workers."""

    kind: Literal["capacity"] = "capacity"
    factor: Annotated[float, Field(gt=0, le=100, description="2 doubles them, 0.5 halves them, one stays")] = 2.0


class DownFault(ServiceFault):
    """Closes its port, as a process that has died: connections are refused, and those that are open are reset."""

    kind: Literal["down"] = "down"


AnyFault = (
    ErrorFault
    | RefusalFault
    | SlowFault
    | HangFault
    | ResetFault
    | LostAnswerFault
    | ColdStartFault
    | CapacityFault
    | DownFault
)


MOST_PROLONGED = 3
"""How many times as long as it was meant to be a fault can become by the requests that it hits."""


class ActiveFault:
    """A fault that was injected, until it is healed; raises UnknownCallerError for a caller who is not there."""

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
        """Tell whether it hits a request that has just come; by chance, if it has a share."""
        fault, path, caller = self.fault, request["path"], request["client"][0]
        # It may have been healed while an older one held the request up.
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
        """Note that a request was hit."""
        if self.seconds is not None and self.fault.seconds_active and isinstance(self.fault, RequestFault):
            longest = MOST_PROLONGED * self.fault.seconds_active
            self.seconds = min(longest, self.seconds + self.fault.prolonged_by)

    def described(self) -> dict[str, object]:
        """Return the fault as data, with its `id`."""
        return {"id": self.number, **self.fault.model_dump()}


def _address(host: str) -> str:
    # Whoever calls cannot choose the address that it calls from. The engine's own name service answers at once.
    try:
        return socket.gethostbyname(host)
    except OSError as error:
        raise UnknownCallerError(f"no host has the name `{host}`") from error


class Faults:
    """The active faults of one service, oldest first.

    `held` counts the requests that are being led through them.
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
        """Tell whether the service's port is to be closed."""
        return any(isinstance(active.fault, DownFault) for active in self.active)

    def next(self, after: int) -> ActiveFault | None:
        """Return the oldest active fault of those injected after the one of this number, or None."""
        return next((active for active in self.active if active.number > after), None)

    def refuse(self, request: Scope) -> bool:
        """Tell whether the service is to say no to a request: it asks once it would else do the work."""
        return any(isinstance(active.fault, RefusalFault) and active.hits(request) for active in self.active)

    def inject(self, fault: AnyFault) -> ActiveFault:
        """Make a fault active until it is healed or its time is up; raises UnknownCallerError."""
        return self._begin(self._made(fault))

    def heal(self, number: int | None = None) -> int:
        """Heal the fault of this number, or all of them; return how many were healed."""
        healed = [active for active in self.active if number in {None, active.number}]
        self.active = [active for active in self.active if active not in healed]
        for active in healed:
            active.healed.set()
        self._changed()
        return len(healed)

    def replace(self, wanted: Sequence[AnyFault]) -> list[ActiveFault]:
        """Have these faults active and no others, in one step; one that is active already just goes on.

        Raises UnknownCallerError, and then nothing has changed.
        """
        left = list(wanted)
        going_on = []
        for active in self.active:
            if active.fault in left:
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
        """Heal a fault when its time is up, which may have become longer when one looks."""
        loop = asyncio.get_running_loop()
        if active.healed.is_set() or active.seconds is None:
            return
        if loop.time() >= since + active.seconds:
            self.heal(active.number)
        else:
            loop.call_at(since + active.seconds, self._heal_in_time, active, since)


def described_kinds() -> dict[str, dict[str, object]]:
    """Return what each kind of fault does and the parameters of its own."""
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
    """Return the parameters of every fault that hits single requests."""
    return {name: field.description for name, field in RequestFault.model_fields.items()}
