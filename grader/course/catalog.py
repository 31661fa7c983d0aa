"""The handbook's tables as data: `labs/catalog.toml`."""

import tomllib
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from grader.base.errors import ErError
from grader.course.course import Course

Category = Literal["Core", "Resilience", "Data", "Coordination", "Operational"]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]


class Entry(BaseModel):
    """The base of all tables of the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Emergency(Entry):
    """A row of the pattern emergency room, in the handbook's words.

    `immediate` and `long_term` are the patterns of these two steps; `also` are others that solve the problem. `heard`
    are words by which people describe the problem.
    """

    problem: str
    symptoms: str
    immediate_fix: str
    long_term_solution: str
    time_to_relief: str
    immediate: list[Key]
    long_term: list[Key]
    also: list[Key] = []
    heard: list[str] = []

    @property
    def patterns(self) -> list[str]:
        """Return all patterns that solve the problem."""
        return list(dict.fromkeys([*self.immediate, *self.long_term, *self.also]))


class PatternGroup(Entry):
    """A pack or a path: patterns in order.

    `weeks`: the weeks of the course in which a path is taken.
    """

    name: str
    weeks: str = ""
    patterns: list[Key]


class Metric(Entry):
    """A success metric with the handbook's three levels."""

    name: str
    good: str
    great: str
    elite: str


class Returns(Entry):
    """A row of the return calculator."""

    investment: str
    payback_period: str
    five_year_roi: str
    real_example: str


class Impact(Entry):
    """A row of the real-world impact table."""

    company: str
    scale: str
    result: str
    key_metric: str


class Pattern(Entry):
    """A pattern, as far as the handbook describes it.

    `stage`: the stage of growth that needs it first. `scale`: where the navigator leads to it. `constraints`: the
    constraints that speak against it.
    """

    name: str
    category: Category | None = None
    problem_solved: str
    when_to_use: str
    when_not_to_use: str
    complexity: Literal["Low", "Medium", "High"] | None = None
    maturity: Literal["Emerging", "Growing", "Mature", "Essential"] | None = None
    stage: Literal["Startup", "Growth", "Scale", "Unicorn"] | None = None
    scale: list[Literal["Small", "Medium", "Large"]] = []
    constraints: list[str] = []
    metric: Metric | None = None
    roi: Returns | None = None
    impact: Impact | None = None
    related: list[Key] = []


class Catalog(Entry):
    """All of the catalogue, by key."""

    emergency: Annotated[dict[Key, Emergency], Field(min_length=1)]
    path: dict[Key, PatternGroup]
    pack: dict[Key, PatternGroup]
    pattern: dict[Key, Pattern]

    def row(self, key: str) -> Emergency:
        """Return a row of the emergency room.

        Raises ErError for an unknown one, which a lab may name.
        """
        if key not in self.emergency:
            raise ErError(
                f"`labs/catalog.toml` has no emergency `{key}`; it has {', '.join(self.emergency)}", run="./er lint"
            )
        return self.emergency[key]

    def path_of(self, pattern: str) -> str:
        """Return the key of a pattern's first path, or an empty text."""
        return next((key for key, path in self.path.items() if pattern in path.patterns), "")

    @model_validator(mode="after")
    def _names_only_what_it_has(self) -> Self:
        named = {
            **{f"emergency.{key}": row.patterns for key, row in self.emergency.items()},
            **{f"path.{key}": group.patterns for key, group in self.path.items()},
            **{f"pack.{key}": group.patterns for key, group in self.pack.items()},
            **{f"pattern.{key}": pattern.related for key, pattern in self.pattern.items()},
        }
        dangling = [
            f"`{table}` names `{key}`" for table, keys in named.items() for key in keys if key not in self.pattern
        ]
        if dangling:
            raise ValueError(f"{', '.join(dangling)}, which is not a key of `pattern`")
        return self


def read_catalog(course: Course) -> Catalog:
    """Read the course's catalogue.

    Raises ErError when it is not valid.
    """
    path = course.root / "labs" / "catalog.toml"
    try:
        return Catalog.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ErError(f"`{path}` is not a valid catalogue: {error}", run="git diff labs/catalog.toml") from error
