"""Fingerprints: short hashes by which files and texts are known again."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

LENGTH = 16
"""Hexadecimal digits of a fingerprint."""


def fingerprint(contents: Iterable[tuple[str, bytes]]) -> str:
    """Return a hash of named contents, which depends on their order."""
    digest = hashlib.sha256()
    for name, content in contents:
        # With both lengths, no two lists of names and contents make the same bytes.
        digest.update(f"{len(name)} {len(content)} {name}".encode() + content)
    return digest.hexdigest()[:LENGTH]


def read_files(
    root: Path, names: Iterable[str], left_out: Callable[[Path], bool] = lambda _: False
) -> Iterator[tuple[str, bytes]]:
    """Read files, and all files below folders, which are named relative to `root`; skip bytecode and missing ones."""
    for name in names:
        path = root / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts and not left_out(file):
                yield file.relative_to(root).as_posix(), file.read_bytes()
