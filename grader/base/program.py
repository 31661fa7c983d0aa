"""How this program starts another Python of its own."""

import sys


def own_module(name: str) -> list[str]:
    """Return the command that runs a module of ours in a process of its own.

    It is isolated: neither the current folder, where a submission may lie, nor the user's environment or packages are
    on its import path.
    """
    return [sys.executable, "-I", "-m", name]
