"""Kit: the plumbing that every Python service of the labs shares.

A patient imports from here and from nowhere else in the kit.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kit.app import create_app
    from kit.kafka import KAFKA

__all__ = ["KAFKA", "create_app"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 # whatever is exported
    # Imported on first use, because the load generator needs `kit.receipts` without FastAPI.
    if name not in __all__:
        raise AttributeError(f"module `kit` has no `{name}`")
    return getattr(import_module("kit.kafka" if name == "KAFKA" else "kit.app"), name)
