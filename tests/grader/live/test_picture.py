"""The screen of a live lab, as recorded at three sizes, and what must never happen at any."""

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console, Group
from scenes import BROKEN, BUSY, CROWDED, HEALTHY, LARGEST, SAGA, SCENES, SUFFERING

from grader.live.lamps import Lamp, Light
from grader.live.picture import Picture
from grader.live.vitals import Users, Vitals

SCREENS = Path(__file__).parents[2] / "golden" / "screens"
SIZES = [(80, 24), (120, 40), (200, 50)]


def drawn(picture: Picture, width: int, height: int, *, colour: bool) -> str:
    console = Console(
        width=width, height=height, force_terminal=True, color_system="standard", no_color=not colour, highlight=False
    )
    with console.capture() as capture:
        console.print(Group(*picture.lines(width, height)))
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def text_of(picture: Picture) -> str:
    return "\n".join(line.plain for line in picture.lines(80, 24))


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("scene", SCENES)
def test_a_screen_is_as_recorded(scene: str, width: int, height: int, request: pytest.FixtureRequest) -> None:
    for colour in (True, False):
        text = drawn(SCENES[scene], width, height, colour=colour)
        path = SCREENS / f"{scene}-{width}x{height}{'-colour' if colour else ''}.txt"
        if request.config.getoption("--record"):
            SCREENS.mkdir(exist_ok=True)
            path.write_text(text)
        assert path.read_text() == text


@pytest.mark.parametrize("width", [20, 40, 79, 80, 109, 110, 120, 200, 400])
@pytest.mark.parametrize("height", [1, 2, 5, 10, 24, 40, 60])
def test_no_line_is_wider_and_no_picture_higher_than_the_terminal(width: int, height: int) -> None:
    for picture in (*SCENES.values(), LARGEST, replace(LARGEST, trouble=None), replace(LARGEST, lamps=[])):
        lines = picture.lines(width, height)
        assert len(lines) <= height
        assert all(line.cell_len <= width and "\n" not in line.plain for line in lines)


def test_colours_redden_with_the_trouble_of_the_users_that_the_symptom_is_about() -> None:
    shares = (1.0, 0.8, 0.5, 0.1)
    polite = [Users("polite", 40, share, 0.1, 80) for share in shares]
    drawings = [
        drawn(replace(HEALTHY, harmed_before=None, vitals=Vitals([users], {})), 80, 24, colour=True) for users in polite
    ]
    rows = [next(line for line in text.splitlines() if "polite" in line) for text in drawings]
    assert ["\x1b[32m" in rows[0], "\x1b[33m" in rows[1], "\x1b[31m" in rows[2], "\x1b[1;91m" in rows[3]] == [True] * 4


def test_a_lamp_is_told_by_its_symbol_and_not_by_its_colour_alone() -> None:
    marks = {Light.FAILS: "✗", Light.UNCLEAR: "?", Light.NOT_YET: "·", Light.HOLDS: "✓", Light.GRADE: "-"}
    for light, mark in marks.items():
        assert f" {mark}  a-claim" in text_of(replace(HEALTHY, lamps=[Lamp("a-claim", "", light)]))


def test_checks_that_fail_come_first_and_say_what_was_wanted() -> None:
    lines = text_of(SUFFERING).splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("Checks")) + 1
    assert lines[first].startswith(" ✗  polite-tenants-served")
    assert lines[first].endswith("15.3% (32 of 209), wanted ≥ 80%")


def test_names_and_paths_are_never_broken_inside_a_word() -> None:
    path = f"/home/learner/{'folder/' * 12}gateway.py"
    text = text_of(replace(HEALTHY, files=f"{path} and {path}"))
    assert text.count("/folder/gateway.py") == 2
    assert "\n│     <module>" in drawn(
        replace(BROKEN, trouble="│ " + "word " * 14 + "in <module>"), 80, 24, colour=False
    )


def test_nothing_is_said_twice() -> None:
    lines = [line for line in text_of(SUFFERING).splitlines() if line]
    assert len(lines) == len(set(lines))
    assert "\n".join(lines).count("gateway.py") == 1


def test_the_harm_is_the_headline_and_the_symptom_the_second_line() -> None:
    headline, second = drawn(SUFFERING, 80, 24, colour=True).splitlines()[3:5]
    assert headline == "\x1b[1;31m151 requests of polite tenants got no quote within 500 ms\x1b[0m"
    assert second == "\x1b[1;31mCan't scale: polite tenants served 31 %, p95 2.0 s\x1b[0m"


def test_a_play_that_did_harm_is_never_without_a_symptom_and_one_without_harm_says_that_of_the_last() -> None:
    harmed, healthy = text_of(replace(SUFFERING, symptom=None)), text_of(HEALTHY)
    assert "151 requests of polite tenants" in harmed
    assert "no symptom" not in harmed
    assert "no symptom\nlast play: 151 requests of polite tenants" in healthy
    assert "last play: 151" not in text_of(replace(SUFFERING, harmed_before="151 requests waited"))
    assert "last play: 151" not in text_of(replace(HEALTHY, harmed_before=None))


def test_a_busy_host_shows_no_figures_and_no_symptom() -> None:
    text = text_of(replace(SUFFERING, busy=BUSY.busy))
    assert "a process that asked for one CPU got 21 % of it" in text
    assert "served" not in text.split("Checks")[0]
    assert "Can't scale" not in text
    assert "151 requests" not in text


def test_an_error_in_a_crowded_lab_leaves_room_for_the_checks() -> None:
    text = text_of(replace(CROWDED, trouble=BROKEN.trouble))
    assert "NameError: name 'Limit' is not defined" in text
    assert all(name in text for name in SAGA)
