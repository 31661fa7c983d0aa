"""Fingerprints: short hashes of files and texts."""

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
    """Read the named files, and all files below the named folders.

    Names are relative to `root`. Bytecode and missing files are skipped.
    """
    for name in names:
        path = root / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts and not left_out(file):
                yield file.relative_to(root).as_posix(), file.read_bytes()
