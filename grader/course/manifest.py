"""The manifest of a lab: `lab.toml`."""

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from grader.base.errors import ErError
from grader.course.receipt_check import SAYS, with_receipts

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
Share = Annotated[float, Field(ge=0, le=1)]

WERE = re.compile(r"^were\b")


class Table(BaseModel):
    """A table of the manifest, without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Fault(Table):
    """A fault that begins `at` seconds into its phase.

    Besides `at`, `service` and `kind` it has the parameters of its kind, which the service checks.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    at: Annotated[float, Field(ge=0)] = 0.0
    service: Name
    kind: Name

    @property
    def parameters(self) -> dict[str, object]:
        """Return the parameters of the kind, as a fault API takes them."""
        return dict(self.__pydantic_extra__ or {})


class FaultToDraw(Fault):
    """A fault in a manifest, before it is drawn.

    The seed draws one of each value that is a list. Faults with the same list draw different values until the list is
    used up.
    """

    service: Name | Annotated[list[Name], Field(min_length=2)]  # type: ignore[assignment] # until it is drawn

    @property
    def services(self) -> list[str]:
        """Return the services for which the fault may be drawn."""
        return [self.service] if isinstance(self.service, str) else self.service

    def drawn(self, draw: Callable[[list[object]], object], names: Mapping[str, str]) -> Fault:
        """Return the fault with each list replaced by the drawn value, and replicas by those in `names`."""
        drawn = {key: draw(value) if isinstance(value, list) else value for key, value in self.model_dump().items()}
        renamed = {key: names[str(drawn[key])] for key in ("service", "caller") if str(drawn.get(key)) in names}
        return Fault.model_validate(drawn | renamed)


class Phase(Table):
    """A stretch of the incident, at least `seconds` long.

    `rate`: arrivals per second, by user kind.
    """

    name: Name
    seconds: Annotated[float, Field(gt=0, le=600)]
    rate: dict[Name, Annotated[float, Field(gt=0, le=2000)]]
    faults: list[FaultToDraw] = []


class Claim(Table):
    """The base of all checks.

    A check holds in each phase that `phase` names, or over the whole run when it names none. `parts`: a query whose
    series say what a value consists of, by their labels; a grade shows the largest of a check that fails.
    """

    name: Name
    says: Annotated[str, Field(min_length=10)]
    phase: list[Name] = []
    min: float | None = None
    max: float | None = None
    parts: str | None = None

    @model_validator(mode="after")
    def _has_a_threshold(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("a check needs `min`, `max` or both")
        return self


class ShareCheck(Claim):
    """The share of good events: two PromQL counts.

    An exact confidence interval decides it. `events`: the fewest events of one run in each phase, where rates and
    seconds do not give them; only lint reads it.
    """

    kind: Literal["share"]
    good: str
    total: str
    events: Annotated[int, Field(gt=0)] | None = None
    min: Share | None = None
    max: Share | None = None


class ExactCheck(Claim):
    """An invariant of a ledger: one PromQL count, decided on any host."""

    kind: Literal["exact"]
    value: str


class MeasureCheck(Claim):
    """One PromQL value, undecided within `guard` of a threshold."""

    kind: Literal["measure"]
    value: str
    guard: Annotated[float, Field(ge=0)]


Check = Annotated[ShareCheck | ExactCheck | MeasureCheck, Field(discriminator="kind")]


class Promise(Table):
    """One sentence of the brief's contract.

    `checks` measure it. `broken_by` is the rejected fix that breaks it, and as few other promises as possible.
    """

    says: Annotated[str, Field(min_length=10)]
    checks: Annotated[list[Name], Field(min_length=1)]
    broken_by: Name


class Milestone(Table):
    """A part of the work, in the order in which the brief lists them.

    `checks` hold when this milestone and those before it are done.
    """

    says: Annotated[str, Field(min_length=10)]
    checks: Annotated[list[Name], Field(min_length=1)]


class Level(Table):
    """The headline metric of a passing patient: a share.

    `great` and `elite` are its thresholds.
    """

    says: str
    phase: list[Name] = []
    good: str
    total: str
    great: Share
    elite: Share


class Symptom(Table):
    """What a learner sees of the incident.

    The share of `users` that get a 200 `within` seconds falls below `below`. `harm` says what the incident does to
    people, after a number: a plural noun and the past tense, such as `customers paid and got nothing`. `harmed` is the
    number, as one PromQL query of counters.
    """

    users: Name
    noun: str
    within: float
    below: Share
    harm: Annotated[str, Field(pattern=r"^[a-z]+s [a-z].*[^.]$")]
    harmed: str

    def says(self, count: float | None) -> str | None:
        """Return the harm with its count, None when the count is zero or unknown."""
        number = round(count or 0)
        if number < 1:
            return None
        noun, _, rest = self.harm.partition(" ")
        return f"{number} {self.harm}" if number > 1 else f"1 {noun.removesuffix('s')} {WERE.sub('was', rest)}"


class Stopgap(Table):
    """What helps at once, without code of the patient: a `pattern`.

    `faults` play it: they are injected in every phase, besides the incident's own.
    """

    says: str
    pattern: Name
    faults: Annotated[list[FaultToDraw], Field(min_length=1)]


class Expectation(Table):
    """The checks that a fix must fail.

    All others must pass. `either`: checks that may pass or fail. `unhealthy`: the fix may already fail before any
    check, because it does not serve in the first phase. `over`: the accepted fix whose files this one extends.
    """

    fails: list[Name] = []
    either: list[Name] = []
    unhealthy: bool = False
    over: Name | None = None


class Manifest(Table):
    """A lab's `lab.toml`.

    `replicas`: groups of services that play the same part. The seed exchanges the names in a group throughout the
    incident, so that it decides which of them a fault hits and a user asks.
    `receipts`: the sentence of the check of receipts, which is the last one. `unreceipted`: why there is no such check.
    `mutants`: by the full name of a mutant that passes, `equivalent: why` or `outside: why`.
    """

    format: Literal[1]
    title: str
    blurb: str
    pattern: Name
    emergency: Name
    requires: list[Name] = []
    edit: Annotated[list[str], Field(min_length=1, max_length=3)]
    minutes: Annotated[int, Field(gt=0)]
    replicas: list[Annotated[list[Name], Field(min_length=2)]] = []
    receipts: Annotated[str, Field(min_length=10)] = SAYS
    unreceipted: Annotated[str, Field(min_length=10)] | None = None
    symptom: Symptom
    level: Level
    stopgap: Stopgap | None = None
    phase: Annotated[list[Phase], Field(min_length=1)]
    promise: list[Promise] = []
    milestone: list[Milestone] = []
    check: Annotated[list[Check], Field(min_length=1)]
    fixes: dict[Name, Expectation]
    mutants: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _has_receipts(cls, document: object) -> object:
        return with_receipts(document)

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        phases = [phase.name for phase in self.phase]
        checks = [check.name for check in self.check]
        for kind, names in (("phase", phases), ("check", checks)):
            if twice := {name for name in names if names.count(name) > 1}:
                raise ValueError(f"two {kind}s have the name `{min(twice)}`")
        for claim in (*self.check, self.level):
            for name in claim.phase:
                _demand_known(name, phases, "phase")
        named = [(*expectation.fails, *expectation.either) for expectation in self.fixes.values()]
        listed = [*(promise.checks for promise in self.promise), *(step.checks for step in self.milestone)]
        for name in chain(*named, *listed):
            _demand_known(name, checks, "check")
        replicas = list(chain(*self.replicas))
        if twice := {name for name in replicas if replicas.count(name) > 1}:
            raise ValueError(f"`replicas` names `{min(twice)}` twice")
        for name in replicas:
            _demand_unnamed(name, [*self.check, self.level, self.symptom])
        users = {user for phase in self.phase for user in phase.rate}
        _demand_known(self.symptom.users, sorted(users), "user kind")
        if any(re.search(r"[/\\]|^\.", name) for name in self.edit):
            raise ValueError("`edit` must hold names of files in the lab's `patient/`, without folders")
        return self

    def with_faults(self, faults: list[FaultToDraw]) -> "Manifest":
        """Return the manifest with these faults added to every phase."""
        phases = [phase.model_copy(update={"faults": [*phase.faults, *faults]}) for phase in self.phase]
        return self.model_copy(update={"phase": phases})

    def expectation(self, fix: str) -> Expectation:
        """Return the expectation of a fix: without one it must pass."""
        return self.fixes.get(fix, Expectation())


def read_manifest(path: Path) -> Manifest:
    """Read a `lab.toml`.

    Raises ErError that names the file, the key and, for an unknown one, the nearest valid key.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ErError(f"cannot read `{path}`: {error.strerror}", run="./er lint") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ErError(f"`{path}` is not valid TOML: {error}", run="./er lint") from error
    try:
        return Manifest.model_validate(document)
    except ValidationError as error:
        raise ErError(f"`{path}` is not a valid manifest:\n" + "\n".join(_explain(error)), run="./er lint") from error


def _demand_known(name: str, known: list[str], what: str) -> None:
    if name not in known:
        raise ValueError(f"unknown {what} `{name}`{_nearest(name, known)}")


def _demand_unnamed(replica: str, claims: Sequence[Claim | Level | Symptom]) -> None:
    """Refuse queries with the name of a replica, because the seed decides what happens to which."""
    for claim in claims:
        queries = [getattr(claim, part, "") for part in ("good", "total", "value", "harmed")]
        if any(re.search(rf"\b{replica}\b", query) for query in queries):
            name = claim.name if isinstance(claim, Claim) else type(claim).__name__.lower()
            raise ValueError(f"the query of `{name}` names `{replica}`, but the seed exchanges the names of `replicas`")


def _nearest(name: str, known: list[str]) -> str:
    matches = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; the nearest is `{matches[0]}`" if matches else f"; known are {', '.join(f'`{k}`' for k in known)}"


def _explain(error: ValidationError) -> list[str]:
    lines = []
    for item in error.errors(include_url=False):
        # Pydantic's path has the tag of a check's kind, which the file's path does not have.
        path = [part for part in item["loc"] if part not in ("share", "exact", "measure")]
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = f"unknown key{_nearest(str(path[-1]), _keys_beside(item['loc']))}"
        lines.append(f"  `{key}`: {message}" if key else f"  {message}")
    return lines


def _keys_beside(location: tuple[int | str, ...]) -> list[str]:
    """Return the known keys of the table around a wrong key."""
    tables: dict[str, type[BaseModel]] = {
        "phase": Phase,
        "faults": FaultToDraw,
        "share": ShareCheck,
        "exact": ExactCheck,
        "measure": MeasureCheck,
        "promise": Promise,
        "milestone": Milestone,
        "symptom": Symptom,
        "level": Level,
        "stopgap": Stopgap,
        "fixes": Expectation,
    }
    around = [tables[part] for part in location[:-1] if isinstance(part, str) and part in tables]
    return list((around[-1] if around else Manifest).model_fields)
