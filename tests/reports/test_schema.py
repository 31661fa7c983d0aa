import json

import jsonschema
import pytest
from results import failed, inconclusive, passed

from grader.course import Course
from grader.results import Results

PATH = Course.here().root / "docs" / "results.schema.json"


def test_the_published_schema_is_that_of_the_program(request: pytest.FixtureRequest) -> None:
    schema = json.dumps(Results.model_json_schema(), indent=1) + "\n"
    if request.config.getoption("--record"):
        PATH.write_text(schema)
    assert PATH.read_text() == schema, "record it anew: .venv/bin/pytest tests/reports/test_schema.py --record"


@pytest.mark.parametrize("results", [failed("why"), passed(), inconclusive()], ids=lambda results: results.verdict)
def test_what_is_written_is_what_the_schema_says(results: Results) -> None:
    jsonschema.validate(json.loads(results.model_dump_json()), json.loads(PATH.read_text()))


@pytest.mark.parametrize("change", [{"version": 2}, {"verdict": "excellent"}, {"seed": "x"}, {"checks": [{}]}])
def test_the_schema_refuses_what_is_no_result(change: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(passed().model_dump_json()) | change, json.loads(PATH.read_text()))
