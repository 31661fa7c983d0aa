"""The load library: open-loop users on Locust, for every lab's `locustfile.py`."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loadtests.answer import Answer
    from loadtests.bucket import TokenBucket
    from loadtests.shapes import Floods, Poisson, Regular
    from loadtests.subjects import Group
    from loadtests.users import OpenUser
    from loadtests.visit import Visit

__all__ = ["Answer", "Floods", "Group", "OpenUser", "Poisson", "Regular", "TokenBucket", "Visit"]

_HOMES = {
    "Answer": "answer",
    "Floods": "shapes",
    "Group": "subjects",
    "OpenUser": "users",
    "Poisson": "shapes",
    "Regular": "shapes",
    "TokenBucket": "bucket",
    "Visit": "visit",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 # whatever is exported
    # Imported on first use, because Locust patches the standard library, and a schedule does not need Locust.
    if name not in _HOMES:
        raise AttributeError(f"module `loadtests` has no `{name}`")
    return getattr(importlib.import_module(f"loadtests.{_HOMES[name]}"), name)
