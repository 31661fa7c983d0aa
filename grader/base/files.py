"""Write files atomically."""

from contextlib import suppress
from pathlib import Path

from grader.base.errors import ErError


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file atomically, and create missing folders above it.

    Text is written as UTF-8. Raises ErError that names the file when this fails; the old file then stays.
    """
    folder, draft = path.parent, path.with_name(f".{path.name}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
        # Containers read some files under another user.
        draft.chmod(0o644)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise ErError(f"cannot write `{path}`: {error.strerror}", run=f"df -h {folder}; ls -ld {folder}") from error
