"""The dashboard has the whole terminal, and gives it back however it ends."""

import io
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest
from rich.console import Console

from grader.course.course import Course
from grader.engine.project import Ports
from grader.incident.driver import Incident
from grader.incident.plan import Plan, PlannedPhase
from grader.live.dashboard import Dashboard
from grader.live.keyboard import uninterrupted
from grader.live.vitals import Users, Vitals

PROGRAM = Path(__file__).with_name("dashboard_program.py")
LEFT = r"\x1b\[\?1049l"
"""How a program leaves the second screen of a terminal."""


@contextmanager
def shown(ending: str, **variables: str) -> Iterator["pexpect.spawn[str]"]:
    """Show a dashboard on a terminal, below a shell, as make does. Afterwards the shell prints the terminal's modes."""
    script = f"trap : INT; '{sys.executable}' '{PROGRAM}' {ending}; echo ended; stty -a; echo finished"
    environment = {"PATH": "/usr/bin:/bin", "TERM": "xterm", **variables}
    terminal = pexpect.spawn(
        "/bin/sh", ["-c", script], env=environment, timeout=20, dimensions=(24, 80), encoding="utf-8"
    )
    try:
        yield terminal
    finally:
        terminal.close(force=True)


def ended_as_it_began(terminal: "pexpect.spawn[str]") -> None:
    """Demand the first screen, its cursor, and a terminal that takes lines and shows what is typed."""
    terminal.expect("ended")
    terminal.expect("finished")
    assert terminal.before is not None
    words = terminal.before.replace(";", " ").split()
    assert {"icanon", "echo", "isig"} <= set(words)
    assert "^Z" in words


@pytest.mark.parametrize("ending", ["key", "interrupt", "kill", "error"])
def test_the_terminal_is_as_it_was_however_the_dashboard_ends(ending: str) -> None:
    with shown(ending) as terminal:
        terminal.expect("drawn")
        if ending == "key":
            terminal.send("q")
        if ending == "interrupt":
            terminal.sendintr()
        terminal.expect(LEFT)
        terminal.expect(r"\x1b\[\?25h")
        ended_as_it_began(terminal)


@pytest.mark.parametrize(
    ("key", "command"), [("h", "hint"), ("g", "grade"), ("b", "break"), ("d", "diff"), ("ry", "reset")]
)
def test_a_key_runs_the_command_of_its_name_and_another_returns(key: str, command: str) -> None:
    with shown("key") as terminal:
        terminal.expect("drawn")
        for pressed in key:
            terminal.send(pressed)
            terminal.expect("y yes" if pressed == "r" else LEFT)
        terminal.expect(f"grader was given {command} 03")
        terminal.expect("any key")
        terminal.send("x")
        terminal.expect("drawn")
        terminal.send("q")
        ended_as_it_began(terminal)


def test_a_copy_is_kept_unless_starting_over_is_confirmed() -> None:
    with shown("key") as terminal:
        terminal.expect("drawn")
        terminal.send("r")
        terminal.expect("y yes")
        terminal.send("n")
        terminal.expect("h hint")
        terminal.send("q")
        terminal.expect("ended")
        assert "grader was given" not in (terminal.before or "")


def test_pasted_text_and_arrow_keys_do_not_count() -> None:
    with shown("key") as terminal:
        terminal.expect("drawn")
        terminal.send("hgq")
        terminal.send("\x1b[D")
        terminal.send("r")
        terminal.expect("y yes")


def test_an_interrupt_ends_a_command_and_not_the_lab() -> None:
    with shown("slow-command") as terminal:
        terminal.expect("drawn")
        terminal.send("g")
        terminal.expect("begun")
        terminal.sendintr()
        terminal.expect("cleaned")
        terminal.expect("any key")
        terminal.send("x")
        terminal.expect("drawn")
        terminal.send("q")
        ended_as_it_began(terminal)


def test_the_end_of_the_lab_ends_a_command_too() -> None:
    with shown("slow-command") as terminal:
        terminal.expect(r"drawn by (\d+)\.")
        assert terminal.match is not None
        assert not isinstance(terminal.match, type)
        process = int(terminal.match[1])
        terminal.send("g")
        terminal.expect("begun")
        os.kill(process, signal.SIGTERM)
        terminal.expect("cleaned")
        ended_as_it_began(terminal)


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(autouse=True)
def interrupts() -> Iterator[None]:
    """Let SIGINT interrupt, because a shell has its background jobs ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def dashboard(output: io.StringIO) -> Iterator[Dashboard]:
    """A dashboard without a keyboard, because the tests' standard input is not a terminal."""
    console = Console(file=output, force_terminal=True, width=80, height=24, legacy_windows=False)
    with Dashboard(console, Course.here().lab("03"), "work/gateway.py") as shown_on_it:
        yield shown_on_it


def last(output: io.StringIO) -> str:
    return output.getvalue().rpartition("\x1b[1;1H")[2]


def shown_text(output: io.StringIO) -> str:
    """Return the words of the last picture without colours."""
    return " ".join(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", last(output)).split())


def test_an_error_stays_until_it_is_mended(dashboard: Dashboard, output: io.StringIO) -> None:
    dashboard.trouble("gateway-1 ended:\n| NameError: it is broken")
    dashboard.event("something else")
    assert "NameError: it is broken" in last(output)
    dashboard.mended()
    assert "NameError" not in last(output)
    assert "something else" in last(output)


def test_a_pause_says_for_what_until_the_next_play(dashboard: Dashboard, output: io.StringIO) -> None:
    dashboard.paused("lab 07 is being graded, about 20 s")
    assert "paused: lab 07 is being graded, about 20 s" in last(output)
    dashboard.play(2)
    dashboard.lamps([], None)
    assert "paused" not in last(output)


def test_each_play_has_its_own_harm_and_shows_that_of_the_last_one(dashboard: Dashboard, output: io.StringIO) -> None:
    incident = Incident(Plan(7, [PlannedPhase("steady", 0, 1, {}, [])]), Ports({}))
    vitals = Vitals([Users("polite", 40, 1.0, 0.1, 80)], {})
    dashboard.play(1)
    dashboard.vitals(incident, vitals, "51 tenants waited", None)
    assert "2 s. 51 tenants waited users" in shown_text(output)
    dashboard.play(2)
    dashboard.vitals(incident, vitals, None, None)
    assert "no symptom last play: 51 tenants waited users" in shown_text(output)


def test_without_a_keyboard_the_footer_names_commands_for_a_second_terminal(
    dashboard: Dashboard, output: io.StringIO
) -> None:
    dashboard.event("drawn")
    assert "In a second terminal: ./er hint 03, make grade-03" in last(output)


def test_a_screen_that_is_closed_leaves_the_second_screen_once(output: io.StringIO, dashboard: Dashboard) -> None:
    dashboard.__exit__(None, None, None)
    dashboard.__exit__(None, None, None)
    assert output.getvalue().count("\x1b[?1049l") == 1


def test_a_signal_waits_until_a_command_can_be_ended() -> None:
    done = []

    def begin() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append("begun")

    with pytest.raises(KeyboardInterrupt):
        begin()
    assert done == ["begun"]
