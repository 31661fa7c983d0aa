"""Writing files at one stroke: whoever reads them, or stops us, never finds half of one."""

from contextlib import suppress
from pathlib import Path

from grader.base.errors import ErError


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file, text as UTF-8, and the folders above it where they are missing.

    Raises ErError that names the file when it cannot be written; what was there before is there still.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
        # Containers read some of them under another user.
        draft.chmod(0o644)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise ErError(
            f"cannot write `{path}`: {error.strerror}", run="df, ls -ld, then the same command again"
        ) from error
