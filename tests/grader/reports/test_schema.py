import json
import os
import tomllib

import jsonschema
import pytest
from pydantic import BaseModel
from results import failed, inconclusive, passed

from grader.course.course import Course, Lab
from grader.course.manifest import Manifest
from grader.grading.results import Results

DOCS = Course.here().root / "docs"
PATH = DOCS / "results.schema.json"


@pytest.mark.parametrize(
    ("name", "model"), [("results", Results), ("lab", Manifest)], ids=["what a grade writes", "a manifest, for editors"]
)
def test_a_published_schema_matches_the_program(
    name: str, model: type[BaseModel], request: pytest.FixtureRequest
) -> None:
    schema = json.dumps(model.model_json_schema(), indent=1) + "\n"
    path = DOCS / f"{name}.schema.json"
    if request.config.getoption("--record"):
        path.write_text(schema)
    assert path.read_text() == schema, "record it again: .venv/bin/pytest tests/grader/reports/test_schema.py --record"


@pytest.mark.parametrize("lab", Course.here().labs(), ids=lambda lab: lab.name)
def test_every_manifest_names_its_schema_and_is_valid(lab: Lab) -> None:
    text = (lab.path / "lab.toml").read_text()
    assert text.startswith("#:schema ../../docs/lab.schema.json\n")
    jsonschema.validate(tomllib.loads(text), json.loads((DOCS / "lab.schema.json").read_text()))


@pytest.mark.parametrize("results", [failed("why"), passed(), inconclusive()], ids=lambda results: results.verdict)
def test_written_results_are_valid_by_the_schema(results: Results) -> None:
    jsonschema.validate(json.loads(results.model_dump_json()), json.loads(PATH.read_text()))


def test_results_can_name_a_file_whose_name_is_not_unicode() -> None:
    name = os.fsdecode(b"J\xf6rg.py")
    results = failed(f"`{name}` is missing")
    read = Results.model_validate({**results.model_dump(), "notes": [name], "diff": name, "next": name})
    assert "J\\udcf6rg.py" in json.loads(read.model_dump_json())["notes"]


@pytest.mark.parametrize("change", [{"version": 2}, {"verdict": "excellent"}, {"seed": "x"}, {"checks": [{}]}])
def test_the_schema_rejects_invalid_results(change: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(passed().model_dump_json()) | change, json.loads(PATH.read_text()))
