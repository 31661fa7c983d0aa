"""The load generator: Locust's environment and runner, which play one plan after the other."""

from collections.abc import Sequence

from locust.env import Environment

from kit.receipts import Receipts
from loadtests.plan import LoadPlan
from loadtests.play import Play
from loadtests.record import Record
from loadtests.users import OpenUser, Twin

TWIN_RATE = 10.0
"""Requests per second to the control twin, in every phase."""


class BusyError(RuntimeError):
    """Report that another plan is being played."""


class LoadGenerator(Environment):
    """Play plans with open-loop users, and keep one record over all plays."""

    def __init__(self, users: Sequence[type[OpenUser]], secret: str) -> None:
        kinds: list[type[OpenUser]] = [Twin, *users]
        # Users come last, because a locustfile may replace the twin.
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
        # Locust's runner does not notice that the users of the last play have left by themselves.
        self._runner.stop()
        self.play = play
        self._runner.start(len(self.kinds), spawn_rate=len(self.kinds))
        return -play.elapsed

    def stop(self) -> None:
        """Stop the play, and drop its remaining requests."""
        self._runner.stop()
        self.play = None

    @property
    def state(self) -> str:
        """Return the state: `idle`, `playing`, `settling` or `finished`."""
        if self.play is None:
            return "idle"
        if self.play.phase:
            return "playing"
        return "finished" if self.play.settled_phases == len(self.play.plan.phases) else "settling"

    @property
    def playing(self) -> bool:
        """Tell whether a play goes on, or some of its requests have not ended."""
        return self.state in ("playing", "settling")
