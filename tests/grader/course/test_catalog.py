import re
import tomllib
from pathlib import Path

import pytest

from grader.base.errors import ErError
from grader.course.catalog import Catalog, Pattern, PatternGroup, read_catalog
from grader.course.course import Course

CATALOG = read_catalog(Course.here())
HANDBOOK = (Course.here().root / "docs" / "handbook.md").read_text()


def table(heading: str) -> list[dict[str, str]]:
    """Return the rows of one of the handbook's tables by column."""
    _, _, text = HANDBOOK.partition(f"## {heading}\n")
    lines = [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("|")]
    columns, _, *rows = [[cell.strip().strip("*") for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(columns, row, strict=True)) for row in rows]


def names(keys: list[str]) -> list[str]:
    """Return the names of patterns by their keys."""
    return [CATALOG.pattern[key].name for key in keys]


def given(pattern: Pattern, field: str) -> list[str | None]:
    """Return the value, or the values, of a pattern's field."""
    value: str | list[str | None] | None = getattr(pattern, field)
    return value if isinstance(value, list) else [value]


def listed(cell: str) -> set[str]:
    """Return those names of a cell that are patterns of the catalogue."""
    return {name for name in cell.split(", ") if name in {pattern.name for pattern in CATALOG.pattern.values()}}


def plain(text: str) -> str:
    """Return a text without case and without the joins between steps."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower().replace("->", "then").replace("+", "and"))


def test_the_emergency_room_matches_the_handbook() -> None:
    rows = [
        (row["Problem"], row["Symptoms"], row["Immediate Fix"], row["Long-term Solution"], row["Time to Relief"])
        for row in table("Pattern Emergency Room")
    ]
    ours = [
        (row.problem, row.symptoms, row.immediate_fix, row.long_term_solution, row.time_to_relief)
        for row in CATALOG.emergency.values()
    ]
    assert [tuple(map(plain, row)) for row in ours] == [tuple(map(plain, row)) for row in rows]


def test_the_patterns_with_a_category_match_the_handbook() -> None:
    rows = [
        (row["Pattern"], row["Category"], row["Problem Solved"], row["When to Use"], row["Complexity"])
        for row in table("Pattern Catalog")
    ]
    ours = [
        (pattern.name, pattern.category, pattern.problem_solved, pattern.when_to_use, pattern.complexity)
        for pattern in CATALOG.pattern.values()
        if pattern.category
    ]
    assert len(rows) == 21
    assert ours == rows


@pytest.mark.parametrize(
    ("heading", "field", "columns"),
    [
        ("Pattern Success Metrics", "metric", ["Metric", "Good", "Great", "Elite"]),
        ("Pattern ROI Calculator", "roi", ["Investment", "Payback Period", "5-Year ROI", "Real Example"]),
        ("Real-World Pattern Impact", "impact", ["Company", "Scale", "Result", "Key Metric"]),
    ],
)
def test_the_figures_of_each_pattern_match_the_handbook(heading: str, field: str, columns: list[str]) -> None:
    rows = {row["Pattern"]: [re.sub(r" \(.*\)", "", row[column]) for column in columns] for row in table(heading)}
    ours = {
        pattern.name: [str(value) for value in getattr(pattern, field).model_dump().values()]
        for pattern in CATALOG.pattern.values()
        if getattr(pattern, field)
    }
    # Geo-sharding is a way of sharding, which has no row of its own.
    rows.pop("Geo-sharding", None)
    assert ours == rows


def test_constraints_match_the_handbook() -> None:
    rows = {row["If You Have..."] for row in table("Pattern Selection by Constraints")}
    for pattern in CATALOG.pattern.values():
        for constraint in pattern.constraints:
            assert constraint in rows


@pytest.mark.parametrize(
    ("heading", "groups"), [("Learning Paths", CATALOG.path), ("Pattern Combinations That Work", CATALOG.pack)]
)
def test_paths_and_packs_list_the_handbooks_patterns_in_its_order(
    heading: str, groups: dict[str, PatternGroup]
) -> None:
    rows = [[*row.values()] for row in table(heading)]
    ours = [
        [group.name, *([group.weeks] if heading == "Learning Paths" else []), ", ".join(names(group.patterns))]
        for group in groups.values()
    ]
    assert ours == rows


@pytest.mark.parametrize(
    ("heading", "field", "columns"),
    [
        ("Pattern Maturity", "maturity", ["Patterns"]),
        ("Pattern Stack by Growth Stage", "stage", ["Building Blocks"]),
        ("Pattern Navigator", "scale", ["Performance", "Reliability", "Data"]),
    ],
)
def test_maturity_stage_and_scale_of_each_pattern_match_the_handbook(
    heading: str, field: str, columns: list[str]
) -> None:
    for row in table(heading):
        value, *_ = row.values()
        ours = {pattern.name for pattern in CATALOG.pattern.values() if value in given(pattern, field)}
        assert ours == set().union(*(listed(row[column]) for column in columns)), value


def test_every_lab_is_in_the_catalogue_and_on_a_path() -> None:
    for lab in Course.here().labs():
        assert lab.manifest.pattern in CATALOG.pattern
        assert CATALOG.path_of(lab.manifest.pattern)


def test_an_unknown_pattern_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labs").mkdir()
    text = (Course.here().root / "labs" / "catalog.toml").read_text()
    (tmp_path / "labs" / "catalog.toml").write_text(text.replace('"timeout"]', '"time-out"]'))
    with pytest.raises(ErError, match="names `time-out`, which is not a key of `pattern`"):
        read_catalog(Course(tmp_path, tmp_path))


def test_the_catalogue_has_only_known_tables() -> None:
    text = (Course.here().root / "labs" / "catalog.toml").read_text()
    assert Catalog.model_validate(tomllib.loads(text)) == CATALOG
