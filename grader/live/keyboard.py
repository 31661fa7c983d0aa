"""The keyboard of a live lab, and commands that borrow its terminal."""

import os
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

from grader.base.environment import own_environment
from grader.base.program import own_module

END_SECONDS = 20.0
"""How long a command may take to take down what it started."""


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off the signals that end this program until the block has ended.

    They are not blocked, because a process that is started in the block would inherit that.
    """
    caught: list[int] = []
    before = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if callable(signal.getsignal(number)):
            before[number] = signal.signal(number, lambda number, _: caught.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for caught_one in caught:
        signal.raise_signal(caught_one)


class Keyboard:
    """Read single keys from the terminal on standard input, without waiting.

    `available` is False where there is no such terminal, or another job has it. While the keyboard is open, suspend
    and quit (Ctrl-Z, Ctrl-backslash) do nothing: they would leave a terminal without its modes. Leaving it
    restores the modes and ends a command that still runs.
    """

    def __init__(self) -> None:
        self._input = sys.stdin.fileno() if sys.stdin and sys.stdin.isatty() else -1
        self._modes: list[Any] = []
        self._command: subprocess.Popen[bytes] | None = None
        self._background: Any = None
        self.available = False

    def __enter__(self) -> Self:
        """Take single keys from now on."""
        try:
            with uninterrupted():
                self._open()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Restore the terminal's modes."""
        if not self.available:
            return
        try:
            if self._command and self._command.poll() is None:
                self._command.send_signal(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    self._command.wait(END_SECONDS)
        finally:
            with suppress(termios.error, OSError):
                os.tcsetpgrp(self._input, os.getpgrp())
                termios.tcsetattr(self._input, termios.TCSAFLUSH, self._modes)
            signal.signal(signal.SIGTTOU, self._background)
            self.available = False

    def pressed(self) -> str | None:
        """Return the key that was pressed, None when none was.

        Several characters at once are pasted text or the sequence of an arrow key, so they do not count.
        """
        if not self.available or self.busy or not select.select([self._input], [], [], 0)[0]:
            return None
        with suppress(OSError):
            typed = os.read(self._input, 1024).decode(errors="replace")
            return typed if len(typed) == 1 else None
        return None

    def run(self, *words: str) -> None:
        """Begin a command of this program, which has the terminal until it ends, Ctrl-C included."""
        termios.tcsetattr(self._input, termios.TCSADRAIN, self._modes)
        command = [*own_module("grader"), *words]
        with uninterrupted():
            self._command = subprocess.Popen(command, env=own_environment(), process_group=0)
            with suppress(OSError):  # it may have ended already
                os.tcsetpgrp(self._input, self._command.pid)

    @property
    def busy(self) -> bool:
        """Tell whether a command has the terminal, and take the terminal back when it has ended."""
        if self._command is None:
            return False
        if self._command.poll() is None:
            return True
        self._command = None
        os.tcsetpgrp(self._input, os.getpgrp())
        self._take()
        return False

    def _open(self) -> None:
        with suppress(termios.error, OSError):
            if os.tcgetpgrp(self._input) == os.getpgrp():
                self._modes = termios.tcgetattr(self._input)
                # Without this, giving the terminal back to ourselves would stop this process.
                self._background = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
                self.available = True
                self._take()

    def _take(self) -> None:
        modes = termios.tcgetattr(self._input)
        modes[3] &= ~(termios.ICANON | termios.ECHO)
        characters = modes[6]
        characters[termios.VMIN], characters[termios.VTIME] = 1, 0
        for unwanted in (termios.VSUSP, termios.VQUIT):
            characters[unwanted] = os.fpathconf(self._input, "PC_VDISABLE").to_bytes(1)
        termios.tcsetattr(self._input, termios.TCSAFLUSH, modes)
