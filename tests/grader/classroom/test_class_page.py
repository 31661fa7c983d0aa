"""The page of a class: submissions by checks, as text, with what to tell their authors."""

import re
from pathlib import Path

import pytest
from elements import Elements

from grader.classroom import class_page
from grader.classroom.class_row import ClassRow
from grader.course.course import Course
from grader.evidence.checks import State
from grader.grading.results import Verdict

LAB = Course.here().lab("03")
CHECKS = LAB.manifest.check
HOSTILE = "<script>alert(1)</script>\x1b[2J\u202e</style>{{ 7*7 }}"


def row(
    name: str, verdict: Verdict = Verdict.FAILED, states: dict[str, State] | None = None, **more: object
) -> ClassRow:
    return ClassRow.model_validate(
        {"submission": name, "content": "", "verdict": verdict, "seed": 7, "states": states or {}, **more}
    )


def page(*rows: ClassRow, reports: dict[str, str] | None = None) -> str:
    return class_page.page(LAB, rows, len(rows), reports or {})


def test_the_page_counts_whom_each_check_stops() -> None:
    first, second = CHECKS[0].name, CHECKS[1].name
    text = page(
        row("ada", Verdict.PASSED, {first: State.HOLDS}, level="Great", points=90),
        row("bob", states={first: State.FAILS}, points=0),
        row("cyd", states={first: State.FAILS, second: State.FAILS}, points=0),
    )
    assert f"<li><b>{first}</b> stops 2 of 3" in text
    assert f"<li><b>{second}</b> stops 1 of 3" in text
    assert text.count("stops nobody") == len(CHECKS) - 2
    assert "<span>1 passed, 2 failed</span>" in text


def test_a_row_has_the_state_of_each_check_in_words_and_as_a_mark() -> None:
    states = dict(zip((check.name for check in CHECKS), State, strict=False))
    body = page(row("ada", states=states)).partition("<tbody>")[2].partition("</tbody>")[0]
    cells = re.findall(r'aria-hidden="true">(.)</span><span class="spoken">([^<]+)<', body)
    assert cells[:5] == [("✓", "holds"), ("✗", "fails"), ("?", "unclear"), ("?", "missing"), ("·", "not reached")]
    assert len(cells) == len(CHECKS)


def test_a_row_says_what_to_tell_its_author() -> None:
    text = page(row("ada", tell=["`x`: At most 5.", "The way there: `./er hint 03`"]))
    assert "<p>`x`: At most 5.</p><p>The way there: `./er hint 03`</p>" in text


def test_names_of_submissions_stay_text(tmp_path: Path) -> None:
    def of(name: str) -> Elements:
        (tmp_path / name.replace("/", "")).mkdir(exist_ok=True)
        (tmp_path / name.replace("/", "") / "report.html").touch()
        class_page.write(tmp_path / "class.html", LAB, [row(name.replace("/", ""), cause=name, tell=[name])], 1)
        return Elements((tmp_path / "class.html").read_text())

    hostile, clean = of(HOSTILE), of("ada")
    assert hostile.tags == clean.tags
    text = page(row(HOSTILE, cause=HOSTILE))
    assert not set(text) & set("\x1b\u202e")
    assert text.count("</style>") == 1
    assert "49" not in text


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("ada", "./ada/report.html"),
        ("javascript:alert(1)", "./javascript%3Aalert%281%29/report.html"),
        ("a b#c?d", "./a%20b%23c%3Fd/report.html"),
        ('"onclick="x', "./%22onclick%3D%22x/report.html"),
        ("J\\xf6rg", "./J%5Cxf6rg/report.html"),
    ],
)
def test_each_submission_links_to_its_report(tmp_path: Path, name: str, link: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "report.html").touch()
    class_page.write(tmp_path / "class.html", LAB, [row(name), row("no-report")], 3)
    text = (tmp_path / "class.html").read_text()
    assert Elements(text).links == [link]
    assert "1 not graded yet" in text


def test_the_page_loads_and_runs_nothing() -> None:
    text = page(row("ada", states={CHECKS[0].name: State.FAILS}))
    elements = Elements(text)
    assert not {"script", "link", "img", "iframe", "object", "embed", "form"} & set(elements.tags)
    assert not [name for name, _ in elements.attributes if name == "src" or name.startswith("on")]
    assert "default-src 'none'" in text


def test_a_class_without_rows_has_a_page_too() -> None:
    assert "<p>None is graded yet.</p>" in class_page.page(LAB, [], 4, {})
