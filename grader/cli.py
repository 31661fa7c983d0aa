"""The `er` program: the commands of learners, teachers and authors."""

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
@click.version_option(package_name="pattern-er", message="Pattern ER %(version)s")
def er() -> None:
    """Learn distributed-systems patterns by breaking and fixing live services."""


for command in (*learner.COMMANDS, *author.COMMANDS):
    er.add_command(command)


def main() -> None:
    """Run `er` and report each error with one message and exit code."""
    # A shell job in the background ignores SIGINT, which must end er all the same. Only nohup asks to be left alone.
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
        _end("er: interrupted; everything that it started has been taken down")
    except BrokenPipeError:
        _end("er: the output was closed; everything that it started has been taken down")
    except OSError as error:
        where = f"`{error.filename}`: " if error.filename else ""
        _end(f"er: {where}{error.strerror or error}\n  next: ./er doctor")
    except Exception:  # noqa: BLE001 # Python's own exit code for it is that of a failed grade
        _end(f"{traceback.format_exc()}er: this is a bug in er, not in your code; please report the lines above")


def _end(message: str) -> NoReturn:
    """End with a message and exit code 2, even without an output.

    The terminal or the pipe that would show the message may be gone.
    """
    try:
        click.echo(message, err=True)
        sys.stdout.flush()
    except OSError:
        # Python would flush again at its exit, fail, and change the exit code.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
    sys.exit(2)


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt
