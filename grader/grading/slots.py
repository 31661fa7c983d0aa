"""Slots: the rights to play an incident on this machine.

All checkouts of all users share them, first come, first served.
"""

import fcntl
import json
import math
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from grader.base.errors import ErError
from grader.course.course import Lab

CPUS_PER_SLOT = 2
"""Cores that a run takes at its peak: patients, services and stores up to 1.25, load and scrapes the rest."""

POLL_SECONDS = 0.2

STARTING_SECONDS = 10.0
"""About how long a run takes beside its incident."""

SHORT_SECONDS, LONG_SECONDS = 90, 7200
"""A forecast is in seconds below the first, and in hours from the second on."""

SHARED = Path("/tmp/pattern-er")  # noqa: S108 # of all users, so that none of them can be disturbed by another
"""The folder of all users, unless `ER_SLOTS` names another. Its locks are advisory; it holds nothing secret."""

WAITING = "waiting: "

QUEUED, PLAYING = "queued", "playing"


@dataclass(frozen=True)
class Use:
    """Say what a slot is for, as in `lab 07 is being graded`, and for about how many seconds.

    `began` is in seconds since 1970, None while it is queued.
    """

    says: str
    seconds: float
    began: float | None = None

    @classmethod
    def of(cls, lab: Lab, doing: str) -> "Use":
        """Return the use for one play of a lab's incident."""
        return cls(
            f"lab {lab.number} is {doing}", STARTING_SECONDS + sum(phase.seconds for phase in lab.manifest.phase)
        )

    @property
    def left(self) -> float:
        """Return about how many seconds it still takes."""
        return self.seconds if self.began is None else max(0.0, self.began + self.seconds - time.time())


def at_once() -> int:
    """Return the number of slots: `ER_AT_ONCE`, or one per two cores."""
    given = os.environ.get("ER_AT_ONCE")
    if given is None:
        return max(1, (os.cpu_count() or 1) // CPUS_PER_SLOT)
    if not given.isdecimal() or not int(given):
        raise ErError(f"`ER_AT_ONCE` must be a whole number of at least 1, not `{given}`", run="unset ER_AT_ONCE")
    return int(given)


def forecast(lab: Lab, grades: int, limit: int) -> str:
    """Return about how long this many grades of a lab take, `limit` at a time: `about 14 min`.

    A grade that stops early takes less, and one that is repeated takes more.
    """
    seconds = math.ceil(grades / limit) * Use.of(lab, "being graded").seconds
    if seconds < SHORT_SECONDS:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < LONG_SECONDS else f"about {seconds / 3600:.1f} h"


@contextmanager
def slot(use: Use, say: Callable[[str], object], idle: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold one of the machine's slots.

    The end of the process frees it too. While others come first, `say` gets a line whenever their number changes, and
    `idle` is called again and again. Raises ErError when the folder of the slots cannot be used.
    """
    limit, said = at_once(), -1
    with _queued(_folder(), use) as ticket:
        while True:
            ahead = ticket.ahead()
            if held := ticket.take(limit):
                break
            if ahead and len(ahead) != said:
                say(_line(ahead, limit))
                said = len(ahead)
            idle()
            time.sleep(POLL_SECONDS)
        with held:
            yield


def _line(ahead: list[Use], limit: int) -> str:
    seconds = sum(use.left for use in ahead) / limit
    others = f"{len(ahead)} others on this machine come first; now " if len(ahead) > 1 else ""
    return f"{WAITING}{others}{ahead[0].says}, about {max(1, round(seconds))} s"


def _folder() -> Path:
    folder = Path(os.environ.get("ER_SLOTS") or SHARED)
    try:
        with suppress(FileExistsError):
            folder.mkdir()
            folder.chmod(0o1777)
        usable = stat.S_ISDIR(folder.lstat().st_mode) and os.access(folder, os.W_OK)
    except OSError:
        usable = False
    if not usable:
        raise ErError(f"`{folder}`, where grades queue, is not a folder that you can write to", run=f"ls -ld {folder}")
    return folder


class Ticket:
    """Keep a place in the queue, as a locked file whose name begins with the time.

    The first in the queue takes a slot, which is a locked file too. Then the ticket shows what the slot is used for. A
    file without a lock is left over by a process that was killed.
    """

    def __init__(self, folder: Path, name: str, use: Use) -> None:
        self._folder = folder
        self._name = name
        self._use = use

    @property
    def path(self) -> Path:
        """Return the ticket's file, which has another name once it has a slot."""
        playing = self._folder / f"{PLAYING}-{self._name}"
        return playing if playing.exists() else self._folder / f"{QUEUED}-{self._name}"

    def take(self, limit: int) -> ExitStack | None:
        """Return a slot, held until the stack is closed.

        None when somebody else is first, or all slots are taken.
        """
        if next(self._earlier(), None):
            return None
        for number in range(limit):
            with ExitStack() as stack:
                if stack.enter_context(_locked(self._folder / f"slot-{number}")):
                    self.path.write_text(json.dumps(asdict(replace(self._use, began=time.time()))))
                    self.path.rename(self._folder / f"{PLAYING}-{self._name}")
                    return stack.pop_all()
        return None

    def ahead(self) -> list[Use]:
        """Return the uses that come before, those that have a slot first."""
        return [*filter(None, map(_read, sorted(self._folder.glob(f"{PLAYING}-*")))), *self._earlier()]

    def _earlier(self) -> Iterator[Use]:
        """Yield the uses that have queued earlier."""
        for path in sorted(self._folder.glob(f"{QUEUED}-*")):
            if path.name >= f"{QUEUED}-{self._name}":
                return
            if use := _read(path):
                yield use


@contextmanager
def _queued(folder: Path, use: Use) -> Iterator[Ticket]:
    ticket = Ticket(folder, f"{time.time_ns():020d}-{os.getpid()}", use)
    draft = folder / f".draft-{os.getpid()}-{time.time_ns()}"
    with draft.open("w") as file:
        draft.chmod(0o644)
        json.dump(asdict(use), file)
        file.flush()
        # Locked before it has its name, because a ticket without a lock counts for nothing.
        fcntl.flock(file, fcntl.LOCK_EX)
        draft.rename(ticket.path)
        try:
            yield ticket
        finally:
            ticket.path.unlink(missing_ok=True)


def _read(path: Path) -> Use | None:
    """Return the use in a ticket.

    None when its process is gone. Then the file is removed, unless it belongs to another user.
    """
    try:
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return TypeAdapter(Use).validate_json(file.read())
        with suppress(PermissionError):
            path.unlink(missing_ok=True)
    except (OSError, ValueError):
        pass
    return None


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Take a lock without waiting, and give whether that worked."""
    # A file of another user can be opened for reading alone, and must not be opened for creation. Reading is enough.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        os.fchmod(descriptor, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)
