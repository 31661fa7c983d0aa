"""The page in a browser, in light and in dark mode."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from results import traced

from grader.classroom import class_page
from grader.classroom.class_row import ClassRow
from grader.course.course import Course
from grader.evidence.checks import State
from grader.grading.results import Results
from grader.reports import page

pytestmark = pytest.mark.browser

LAB = Course.here().lab("03")
HERE = Path(__file__).parent
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

CONTRASTS = """() => {
    const light = colour => {
        const [r, g, b] = colour.match(/[0-9.]+/g).map(Number).map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const back = light(getComputedStyle(document.body).backgroundColor);
    return [...document.querySelectorAll('.soft, .state, strong, p')].map(e => light(getComputedStyle(e).color))
        .map(front => (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05));
}"""
"""The contrast of words against the page, as WCAG 2 defines it."""


def chromium() -> str:
    """Return the system's Chromium.

    On Debian, root installs it if it is missing.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found and os.geteuid() == 0 and platform.freedesktop_os_release().get("ID") == "debian":
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-q", *command], check=True, capture_output=True, env=environment, timeout=300)
        found = shutil.which("chromium")
    assert found, "install a Chromium for this test: apt install chromium"
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        yield browser
        browser.close()


def opened(browser: Browser, path: Path, width: int, scheme: str = "light") -> tuple[Page, list[str]]:
    """Open a file and return its page.

    Also returns the warnings and requests of the page.
    """
    view = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    heard: list[str] = []
    view.on("console", lambda message: heard.append(message.text))
    view.on("pageerror", lambda error: heard.append(str(error)))
    view.on("request", lambda request: heard.append(request.url) if request.url != path.as_uri() else None)
    view.goto(path.as_uri())
    return view, heard


@pytest.fixture(params=["passed", "failed"])
def recorded(request: pytest.FixtureRequest) -> Results:
    """A recorded grade, whose checks may be those of an earlier form of the lab."""
    return Results.model_validate_json((HERE / f"{request.param}.json").read_bytes())


@pytest.fixture
def report(recorded: Results, tmp_path: Path) -> Path:
    page.write(tmp_path / "report.html", LAB, recorded)
    return tmp_path / "report.html"


@pytest.mark.parametrize("width", [360, 1280])
def test_a_page_fits_its_window_and_loads_nothing(
    browser: Browser, recorded: Results, report: Path, width: int
) -> None:
    view, heard = opened(browser, report, width)
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    assert view.locator("figure svg").bounding_box() is not None
    assert view.locator(".checks li").count() == len(recorded.checks)
    assert heard == []


@pytest.mark.parametrize("width", [360, 1280])
def test_deep_and_long_traces_fit_their_window(browser: Browser, tmp_path: Path, width: int) -> None:
    page.write(tmp_path / "report.html", LAB, traced("x" * 64))
    view, heard = opened(browser, tmp_path / "report.html", width)
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    names, took = ([it.bounding_box() for it in view.locator(f".spans .{what}").all()] for what in ("name", "took"))
    assert names
    assert all(a and b and a["x"] + a["width"] <= b["x"] for a, b in zip(names, took, strict=True))
    assert heard == []


@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_of_a_class_fits_its_window_and_loads_nothing(browser: Browser, tmp_path: Path, width: int) -> None:
    states = {check.name: State.FAILS for check in LAB.manifest.check}
    told = {"cause": "x" * 90, "tell": ["A long sentence of words. " * 9]}
    values = {"content": "", "verdict": "failed", "seed": 7, "states": states, **told}
    rows = [ClassRow.model_validate({"submission": name * 40, **values}) for name in "xyz"]
    class_page.write(tmp_path / "class.html", LAB, rows, 3)
    view, heard = opened(browser, tmp_path / "class.html", width)
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    assert view.locator(".matrix tbody tr").count() == 3
    assert heard == []


def test_dark_mode_is_dark(browser: Browser, report: Path) -> None:
    shades = {}
    for scheme in ("light", "dark"):
        view, _ = opened(browser, report, 1280, scheme)
        shades[scheme] = view.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = {scheme: sum(map(int, shade[4:-1].split(","))) for scheme, shade in shades.items()}
    assert brightness["dark"] < 120
    assert brightness["light"] > 600


def test_labels_of_lines_do_not_overlap(browser: Browser, report: Path) -> None:
    view, _ = opened(browser, report, 1280)
    boxes = [label.bounding_box() for label in view.locator("svg text.name").all()]
    tops = sorted(box["y"] for box in boxes if box)
    assert len(tops) >= 5
    assert all(after - before > 8 for before, after in pairwise(tops))


def test_words_have_contrast_against_their_background(browser: Browser, report: Path) -> None:
    for scheme in ("light", "dark"):
        view, _ = opened(browser, report, 1280, scheme)
        assert min(view.evaluate(CONTRASTS)) >= 4.5
