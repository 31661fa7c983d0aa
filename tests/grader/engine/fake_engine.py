"""A `docker` on the PATH with the behaviour of a script."""

from pathlib import Path


class Engine:
    """A fake of the engine, whose client is a shell script."""

    def __init__(self, client: Path) -> None:
        self._client = client

    def does(self, script: str) -> None:
        """Let each `docker` command be this script, whose arguments are the command's."""
        self._client.write_text(f"#!/bin/sh\n{script}\n")
        self._client.chmod(0o755)
