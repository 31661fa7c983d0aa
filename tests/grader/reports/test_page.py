"""The page loads and runs nothing, and shows text as text."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from elements import Elements
from results import HOSTILE, failed, inconclusive, passed, refused, traced

from grader.course.course import Course, Lab
from grader.evidence.timeline import PhaseBand, Timeline, UsersLine
from grader.evidence.traces import LONGEST_TEXT, MOST_SPANS
from grader.grading.results import Attempt, Results
from grader.reports import page
from grader.reports.starter_curve import starter_timeline
from grader.reports.timeline_svg import timeline_svg

LAB = Course.here().lab("03")
HERE = Path(__file__).parent
LARGEST = 300_000


def recorded(name: str) -> Results:
    return Results.model_validate_json((HERE / f"{name}.json").read_bytes())


@pytest.mark.parametrize("name", ["passed", "failed"])
def test_the_page_of_a_real_grade_is_small_and_loads_nothing(name: str) -> None:
    text = page.page(LAB, recorded(name))
    elements = Elements(text)
    assert not {"script", "link", "img", "iframe", "object", "embed", "form"} & set(elements.tags)
    assert not [pair for pair in elements.attributes if pair[0] in ("src", "href") or pair[0].startswith("on")]
    assert not re.search(r"url\(|@import", text)
    assert "default-src 'none'" in text
    assert len(text.encode()) < LARGEST


def test_a_page_shows_verdict_level_checks_timeline_diff_and_seed() -> None:
    results = recorded("passed")
    text = page.page(LAB, results)
    assert ">passed</strong>" in text
    assert results.level is not None
    assert f"{results.level.name}: " in text
    assert all(f"<span>{check.name}</span>" in text for check in results.checks)
    assert all(phase in text for phase in ("steady", "surge-again", "control twin", "polite"))
    assert '<span class="added">' in text
    assert f"./er grade 03 --seed {results.seed}" in text


@pytest.mark.parametrize("results", [failed("why"), passed(), inconclusive()], ids=lambda results: results.verdict)
def test_a_page_shows_any_verdict_without_a_timeline(results: Results) -> None:
    assert f">{results.verdict}</strong>" in page.page(LAB, results)


def test_text_of_a_patient_or_a_submission_stays_text() -> None:
    hostile = failed(HOSTILE).model_copy(update={"diff": HOSTILE, "lab": "03-" + HOSTILE, "images": {"x": HOSTILE}})
    text = page.page(LAB, hostile)
    elements = Elements(text)
    clean = Elements(page.page(LAB, failed("cause").model_copy(update={"diff": "x", "images": {"x": "y"}})))
    assert set(elements.tags) == set(clean.tags)
    assert "<script" not in text
    assert text.count("</style>") == 1
    assert not set(text) & set("\x00\x07\x0b\x1b\u202e\ufffe")


def test_a_trace_shows_bars_errors_and_orphans() -> None:
    text = page.page(LAB, traced())
    assert text.count("x: lost, broken trace</h3>") == 3
    assert text.count("5.2 s into the incident") == 3
    assert text.count("<b>x</b> x") == text.count("carrier=x") == 3 * MOST_SPANS
    assert text.count("✗&nbsp;error") == text.count('" class="failed">') == 3 * MOST_SPANS / 2
    assert text.count("its parent is not in this trace") == 3
    assert text.count("… and 3 more") == 3
    bars = re.findall(r'<rect x="([\d.]+)" y="0" width="([\d.]+)"', text)
    assert bars == [(f"{5 * n:.1f}", "5.0") for n in range(MOST_SPANS)] * 3


def test_a_page_shows_the_commands_that_a_store_refused() -> None:
    assert "<p>Redis refused `KEYS`, 13 times: " in page.page(LAB, refused())


def test_a_page_says_whom_the_incident_harmed_if_anybody() -> None:
    assert '<p class="harm">In this incident, 51 customers paid and got nothing.</p>' in page.page(LAB, failed())
    assert "In this incident" not in page.page(LAB, passed())


def test_a_grade_without_traces_has_no_section_for_them() -> None:
    assert "Traces</h2>" in page.page(LAB, traced())
    assert "Traces</h2>" not in page.page(LAB, failed())


def test_attributes_of_a_span_stay_text_and_keep_the_page_small() -> None:
    elements = Elements(page.page(LAB, traced(HOSTILE)))
    clean = Elements(page.page(LAB, traced()))
    assert elements.tags == clean.tags
    assert [name for name, _ in elements.attributes] == [name for name, _ in clean.attributes]
    assert not set(page.page(LAB, traced(HOSTILE))) & set("\x00\x07\x0b\x1b\u202e\ufffe")
    assert len(page.page(LAB, traced('"' * LONGEST_TEXT)).encode()) < LARGEST


def test_a_huge_diff_is_cut_and_marked() -> None:
    text = page.page(LAB, failed().model_copy(update={"diff": "+x\n" * 1_000_000}))
    assert "the rest is not shown" in text
    assert len(text.encode()) < 4 * LARGEST


def test_a_timeline_names_phases_kinds_and_faults_as_text() -> None:
    line = UsersLine(ended=[5, 5], served=[1.0, 0.5], p95=[0.1, 0.2])
    band = PhaseBand(name="<b>surge</b>", start=0, end=2, faults=["slow on <i>x</i> at 0 s"])
    drawn = timeline_svg(
        Timeline(phases=[band], at=[1, 2], users={"<u>a</u>": line, "twin": line}, in_flight={"q": [1, None]})
    )
    assert not re.search(r"<[bui]>", drawn)
    assert "&lt;b&gt;surge&lt;/b&gt;" in drawn
    assert "slow on &lt;i&gt;x" in drawn
    assert "50% to 100%" in drawn


def test_a_long_name_of_a_phase_continues_on_a_second_line() -> None:
    bands = [PhaseBand(name="database-back", start=0, end=1), PhaseBand(name="database-back", start=1, end=9)]
    drawn = timeline_svg(Timeline(phases=bands, at=[9]))
    assert re.findall(r'class="phase"[^>]*>([^<]+)<', drawn) == ["database-", "back", "database-back"]


def test_a_pass_leads_to_the_debrief_and_a_failure_to_the_next_command(tmp_path: Path) -> None:
    root = tmp_path / "a course"
    lab = Lab(root / "labs" / LAB.name)
    lab.path.parent.mkdir(parents=True)
    lab.path.symlink_to(LAB.path)

    def links(path: Path, results: Results) -> list[str]:
        page.write(path, lab, results)
        return [value for name, value in Elements(path.read_text()).attributes if name == "href"]

    inside = root / ".er" / "results" / "x" / "report.html"
    (link,) = links(inside, passed())
    assert (inside.parent / unquote(link)).resolve() == (LAB.path / "debrief.md").resolve()
    assert links(tmp_path / "report.html", passed()) == [], (
        "a report that leaves the course has no link that would break"
    )
    assert f"<code>labs/{LAB.name}/debrief.md</code>" in (tmp_path / "report.html").read_text()
    assert links(inside, failed()) == []
    assert "<p>Next: <code>./er hint 03</code></p>" in inside.read_text()


def with_timeline(timeline: Timeline, diff: str = "+x") -> Results:
    return failed().model_copy(update={"diff": diff, "attempts": [Attempt(timeline=timeline)]})


def run(served: list[float | None], end: float = 2, name: str = "surge") -> Timeline:
    line = UsersLine(ended=[5.0] * len(served), served=served, p95=[9.0] * len(served))
    at = [end * (n + 1) / len(served) for n in range(len(served))]
    return Timeline(phases=[PhaseBand(name=name, start=0, end=end)], at=at, users={"polite": line, "twin": line})


def test_the_starters_lines_are_behind_and_at_the_same_place_within_a_phase() -> None:
    text = page.page(LAB, with_timeline(run([1.0, 0.5])), run([1.0, 0.5], end=4))
    grey, own = (re.findall(rf'class="{what}" points="([^"]+)"', text) for what in ("behind", "line kind-0"))
    assert grey == own
    assert len(grey) == 2
    assert text.index('class="behind"') < text.index('class="line kind-0"')
    assert "<title>polite, starter</title>" in text
    assert "from an earlier grade" in text


@pytest.mark.parametrize(
    ("results", "starter"),
    [
        (with_timeline(run([1.0])), None),
        (with_timeline(run([1.0]), diff=""), run([0.5])),
        (with_timeline(run([1.0])), run([0.5], name="other")),
        (failed(), run([0.5])),
    ],
    ids=["unknown", "the starter itself", "other phases", "no timeline"],
)
def test_a_page_without_a_comparable_starter_does_not_speak_of_it(results: Results, starter: Timeline | None) -> None:
    text = page.page(LAB, results, starter)
    assert 'class="behind"' not in text
    assert "from an earlier grade" not in text


def test_the_starters_line_is_that_of_the_latest_grade_of_an_unchanged_copy(tmp_path: Path) -> None:
    course = Course(tmp_path, tmp_path / "work")
    assert starter_timeline(course, LAB) is None

    def grade(folder: str, results: Results) -> None:
        results.write(tmp_path / ".er" / "results" / LAB.name / folder)

    grade("2026-01-01-1", with_timeline(run([0.1]), diff=""))
    grade("2026-01-02-1", with_timeline(run([0.2]), diff=""))
    grade("2026-01-03-1", with_timeline(run([0.3])))
    grade("2026-01-04-1", failed())
    (tmp_path / ".er" / "results" / LAB.name / "2026-01-05-1").mkdir()
    (tmp_path / ".er" / "results" / LAB.name / "2026-01-05-1" / "results.json").write_text('{"diff": ""')
    assert starter_timeline(course, LAB) == run([0.2])


def test_an_empty_timeline_has_no_svg() -> None:
    assert timeline_svg(Timeline(phases=[PhaseBand(name="steady", start=0, end=2)])) == ""
