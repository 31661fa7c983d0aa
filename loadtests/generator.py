"""The generator: Locust's environment and runner, on which one play after the other is given."""

from collections.abc import Sequence

from locust.env import Environment

from kit.receipts import Receipts
from loadtests.plan import LoadPlan
from loadtests.play import Play
from loadtests.record import Record
from loadtests.users import OpenUser, Twin

TWIN_RATE = 10.0
"""Requests a second to the control twin, in every phase."""


class BusyError(RuntimeError):
    """A plan is being played."""


class LoadGenerator(Environment):
    """An environment of open users, with a record that goes on from play to play."""

    def __init__(self, users: Sequence[type[OpenUser]], secret: str) -> None:
        kinds: list[type[OpenUser]] = [Twin, *users]
        # A locustfile may bring a twin of its own.
        self.kinds = {user.kind(): user for user in kinds}
        super().__init__(user_classes=[*self.kinds.values()])
        self.record = Record()
        self.play: Play | None = None
        self._runner = self.create_local_runner()
        self._secret = secret

    def begin(self, plan: LoadPlan) -> float:
        """Begin a play and return the seconds until its start.

        Raises BusyError while another is on, ValueError for a plan with a kind that does not exist.
        """
        if self.playing:
            raise BusyError("a plan is being played")
        kinds = self.kinds.values()
        play = Play(plan.with_rate(Twin.kind(), TWIN_RATE), kinds, self.record, Receipts(self._secret))
        for phase in plan.phases:
            for kind in kinds:
                self.record.expect(kind.kind(), phase.name, kind.all_tallies())
        # Locust's users of the play before have left by themselves, which its runner does not notice.
        self._runner.stop()
        self.play = play
        self._runner.start(len(self.kinds), spawn_rate=len(self.kinds))
        return -play.elapsed

    def stop(self) -> None:
        """Drop what is left of a play."""
        self._runner.stop()
        self.play = None

    @property
    def state(self) -> str:
        """Return what the generator does: `idle`, `playing`, `settling` or `finished`."""
        if self.play is None:
            return "idle"
        if self.play.phase:
            return "playing"
        return "finished" if self.play.settled_phases == len(self.play.plan.phases) else "settling"

    @property
    def playing(self) -> bool:
        """Tell whether a play is on, or requests of it have not ended."""
        return self.state in ("playing", "settling")
