"""The images of a lab, read from its Compose files."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from grader.base.errors import ErError

VARIABLE = re.compile(r"\$\{ER_([A-Z]+)_IMAGE\b")
"""The name of an image of ours in Compose files: `${ER_REDIS_IMAGE:?...}`."""

Read = Callable[[Path], dict[str, Any]]


def image_names(file: Path) -> set[str]:
    """Return the images of a Compose file: `redis` for `${ER_REDIS_IMAGE}`.

    All services of an included file count, but of an extended file only the extended service. Raises ErError when a
    file is missing or not a valid Compose file.
    """
    # Services extend the same few templates, so each file is parsed once.
    return _image_names(file, cache(_read)) - {""}


def served_modules(file: Path) -> dict[str, str]:
    """Return the module that each patient of a Compose file starts from: `gateway` for `kit.patient gateway:app`.

    Raises ErError when the file is missing or not a valid Compose file.
    """
    modules = {}
    for name, service in _read(file)["services"].items():
        match (service or {}).get("command"):
            case [_, "-m", "kit.patient", str(target), *_]:
                modules[name] = target.partition(":")[0]
    return modules


def _image_names(file: Path, read: Read) -> set[str]:
    document = read(file)
    names = {_image_name(file, service, read) for service in document["services"]}
    for included in document.get("include", []):
        paths = included["path"] if isinstance(included, dict) else included
        for path in [paths] if isinstance(paths, str) else paths:
            names |= _image_names(file.parent / path, read)
    return names


def _image_name(file: Path, name: str, read: Read) -> str:
    """Return the image of a service or of the extended one.

    Empty when the image is not one of ours.
    """
    services = read(file)["services"]
    if name not in services:
        raise ErError(f"`{file}` has no service `{name}`; it has {', '.join(f'`{known}`' for known in services)}")
    service = services[name] or {}
    if "image" in service:
        found = VARIABLE.match(str(service["image"]))
        return found[1].lower() if found else ""
    match service.get("extends"):
        case {"service": extended, "file": str(path)}:
            return _image_name(file.parent / path, extended, read)
        case {"service": extended}:
            return _image_name(file, extended, read)
        case str(extended):
            return _image_name(file, extended, read)
    return ""


def _read(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ErError(f"cannot read `{file}`: {error.strerror}", run="./er lint") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ErError(f"`{file}` is not valid YAML: {error}", run="./er lint") from error
    if not isinstance(document, dict) or not isinstance(document.get("services"), dict):
        raise ErError(f"`{file}` is not a Compose file: `services` must be a table of services", run="./er lint")
    return document
