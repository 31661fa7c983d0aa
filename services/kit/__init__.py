"""What every Python service of the labs shares, so that a service's own file holds only its story."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kit.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> "Callable[..., object]":
    # Imported when asked for: the load generator wants `kit.receipts` without FastAPI.
    if name in __all__:
        from kit import app  # noqa: PLC0415

        return app.create_app
    raise AttributeError(f"module `kit` has no `{name}`")
