"""The `er` program: what learners, teachers and authors type."""

import os
import signal
import sys
import traceback
from types import FrameType
from typing import NoReturn

import click

from grader.base.errors import ErError
from grader.commands import author, learner


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def er() -> None:
    """Learn distributed-systems patterns by breaking and fixing live services."""


for command in (*learner.COMMANDS, *author.COMMANDS):
    er.add_command(command)


def main() -> None:
    """Run `er`; every error ends in one message and its exit code."""
    # A shell that starts er in the background has it ignore SIGINT; only nohup's wish is kept.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        er.main(prog_name="./er", standalone_mode=False)
    except ErError as error:
        _end(f"er: {error}")
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        _end("er: interrupted; what was started has been taken down")
    except BrokenPipeError:
        _end("er: nobody reads the output any more; what was started has been taken down")
    except OSError as error:
        where = f"`{error.filename}`: " if error.filename else ""
        _end(f"er: {where}{error.strerror or error}\n  next: ./er doctor")
    except Exception:  # noqa: BLE001 # Python's own exit code for it is that of a failed grade
        _end(f"{traceback.format_exc()}er: this is a fault of er, not yours; please report it with the lines above")


def _end(message: str) -> NoReturn:
    """End with a message and exit code 2, also when the terminal or the pipe that would show it is gone."""
    try:
        click.echo(message, err=True)
        sys.stdout.flush()
    except OSError:
        # Python would try again at its end, and end with another code.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
    sys.exit(2)


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt
