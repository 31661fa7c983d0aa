"""A wrong fix as a patch with reason, base and diff."""

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from grader.base.environment import own_environment
from grader.base.errors import ErError

BASE = re.compile(r"(?m)^Base: (.*)$")
FILES = re.compile(r"(?m)^--- a/(.+)\n\+\+\+ b/(.+)$")
BEGINNING = re.compile(r"(?m)^--- ")

Files = dict[str, str]
"""The text of files by name."""


class PatchError(ErError):
    """A patch that cannot be read or does not apply."""


@dataclass(frozen=True)
class Patch:
    """A wrong fix.

    `reason` says why the mistake tempts; `base` is `starter` or `accepted/<how>`; `diff` is unified.
    """

    reason: str
    base: str
    diff: str

    @classmethod
    def parse(cls, text: str) -> "Patch":
        """Read a patch.

        Raises PatchError when the base or the diff is missing.
        """
        start = BEGINNING.search(text)
        if start is None or not FILES.match(text, start.start()):
            raise PatchError("no diff follows the header: it begins with `--- a/FILE` and `+++ b/FILE`")
        header = text[: start.start()]
        bases = BASE.findall(header)
        if len(bases) != 1:
            raise PatchError(f"the header has {len(bases)} lines `Base: accepted/NAME` or `Base: starter`, not one")
        return cls(BASE.sub("", header).strip(), bases[0].strip(), text[start.start() :])

    @property
    def text(self) -> str:
        """Return the text of the patch's file."""
        return "\n\n".join(part for part in (self.reason, f"Base: {self.base}", self.diff) if part)

    @property
    def files(self) -> list[str]:
        """Return the names of the files that the patch changes."""
        return [name for pair in FILES.findall(self.diff) for name in dict.fromkeys(pair)]

    @property
    def changed_lines(self) -> int:
        """Return the number of changed lines, a replaced one counted once."""
        changed = 0
        for hunk in re.split(r"(?m)^@@ .*\n", FILES.sub("", self.diff)):
            for block in re.findall(r"(?m)(?:^[-+].*\n)+", hunk):
                added = block.count("\n+") + block.startswith("+")
                changed += max(added, block.count("\n") - added)
        return changed

    def applied(self, base: Files) -> Files:
        """Return the files of the base with the mistake in them.

        Raises PatchError when a hunk does not fit.
        """
        files, failure = _applied(self.diff, tuple(base.items()))
        if failure:
            raise PatchError(f"it does not apply to `{self.base}`: {failure}")
        return dict(files)

    def applied_in_part(self, base: Files) -> Files:
        """Return the base with all hunks that fit.

        A hunk fits where one line of context on each side is unchanged. Other hunks are in `<file>.rej`.
        """
        return _git_apply(self.diff, base, "-C1", "--reject")[0]


def diff(before: Files, after: Files) -> str:
    """Return the unified diff between files of the same names."""
    with tempfile.TemporaryDirectory() as folder:
        for side, files in (("a", before), ("b", after)):
            for name, text in files.items():
                _write(Path(folder, side, name), text)
        options = ("--no-index", "--no-color", "--no-ext-diff", "--no-renames", "--no-prefix", "--minimal")
        # Editors strip the blank of an empty context line, so git must not write it.
        printed = _git(folder, "-c", "diff.suppressBlankEmpty=true", "diff", *options, "a", "b").stdout.decode()
    # Lines with blobs and modes only serve an index, which fixes are not in.
    return "".join(line for line in printed.splitlines(keepends=True) if not line.startswith(("diff ", "index ")))


@lru_cache(maxsize=512)
def _applied(text: str, base: tuple[tuple[str, str], ...]) -> tuple[tuple[tuple[str, str], ...], str]:
    files, failure = _git_apply(text, dict(base))
    return tuple(files.items()), failure


def _git_apply(text: str, base: Files, *options: str) -> tuple[Files, str]:
    """Return the files after `git apply`, and git's error when it failed."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in base.items():
            _write(Path(folder, name), content)
        done = _git(folder, "apply", "--whitespace=nowarn", *options, "-", given=text.encode())
        found = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
        files = {str(path.relative_to(folder)): path.read_bytes().decode() for path in found}
        failure = done.stderr.decode().strip().splitlines()[:1] if done.returncode else []
    return files, "".join(failure).removeprefix("error: ")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode())


def _git(folder: str, *args: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Run git in a folder, apart from repositories and configurations around it."""
    environment = own_environment(
        GIT_CEILING_DIRECTORIES=str(Path(folder).resolve().parent),
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
        LC_ALL="C",
    )
    try:
        return subprocess.run(
            ["git", "-C", folder, *args],
            input=given,
            env=environment,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise ErError("the command `git` was not found; it applies the labs' wrong fixes") from error
