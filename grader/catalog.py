"""The handbook's emergency room and patterns: `labs/catalog.toml`."""

import tomllib
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from grader.course import Course
from grader.errors import ErError


class Emergency(BaseModel):
    """A row of the pattern emergency room, in the handbook's words."""

    model_config = ConfigDict(extra="forbid")

    problem: str
    symptoms: str
    first_aid: str
    long_term: str
    relief: str


class Pattern(BaseModel):
    """A pattern of the handbook's catalogue that has a lab."""

    model_config = ConfigDict(extra="forbid")

    name: str
    category: str
    problem: str
    when: str


class Catalog(BaseModel):
    """All of the catalogue, by key."""

    model_config = ConfigDict(extra="forbid")

    emergency: Annotated[dict[str, Emergency], Field(min_length=1)]
    pattern: dict[str, Pattern]

    def row(self, key: str) -> Emergency:
        """Return a row of the emergency room; raises ErError when a lab names one that is not there."""
        if key not in self.emergency:
            raise ErError(f"`labs/catalog.toml` has no emergency `{key}`; it has {', '.join(self.emergency)}")
        return self.emergency[key]


def read_catalog(course: Course) -> Catalog:
    """Read the course's catalogue."""
    return Catalog.model_validate(tomllib.loads((course.root / "labs" / "catalog.toml").read_text(encoding="utf-8")))
