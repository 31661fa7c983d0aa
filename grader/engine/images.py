"""Build images, each tagged by a fingerprint of its sources."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from grader.base.environment import own_environment
from grader.base.errors import ErError
from grader.base.fingerprint import fingerprint, read_files
from grader.base.locks import held
from grader.course.course import Course
from grader.engine.daemon import BASE_TAR
from grader.engine.docker import DockerError, docker

BASE = "debian:trixie-slim"

INPUTS = {
    "python": ("services", "loadtests", "pyproject.toml", "uv.lock"),
    "redis": ("compose/images/redis",),
    "prometheus": ("compose/images/prometheus",),
}
"""The sources of each image, relative to the course."""

OWN_DATA = {"postgres": "schema.sql", "kafka": "topics.txt"}
"""The file that gives a lab its own image of a store: with `schema.sql`, lab 05 gets `postgres-05`."""

TRUST_STORES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")

Say = Callable[[str], object]


def inputs(course: Course) -> dict[str, tuple[str, ...]]:
    """Return the sources of each image, also of the labs' own."""
    own = {
        f"{store}-{lab.number}": (f"compose/images/{store}", f"labs/{lab.name}/{file}")
        for lab in course.labs()
        for store, file in OWN_DATA.items()
        if (lab.path / file).exists()
    }
    return {**INPUTS, **own}


def tags(course: Course) -> dict[str, str]:
    """Return each image's tag for its current sources."""
    base = ("base", BASE.encode())
    return {
        name: f"pattern-er/{name}:{fingerprint([base, *read_files(course.root, given)])}"
        for name, given in inputs(course).items()
    }


def variable(name: str) -> str:
    """Return the variable that names an image in Compose files."""
    return f"ER_{_target(name).upper()}_IMAGE"


def _target(name: str) -> str:
    return name.partition("-")[0]


def missing(wanted: Iterable[str]) -> list[str]:
    """Return the image references that the engine does not have."""
    known = set(docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split())
    return [reference for reference in wanted if reference not in known]


def ensure_images(course: Course, names: Iterable[str], say: Say) -> dict[str, str]:
    """Build or pull missing images, and return Compose's variables.

    An image that the environment names (`ER_REDIS_IMAGE=redis:8`) replaces ours.
    """
    names = list(names)
    own = tags(course)
    if unknown := [name for name in names if name not in own]:
        known = ", ".join(f"`{name}`" for name in own)
        raise ErError(f"the course has no image `{unknown[0]}`; it has {known}", run="./er lint")
    variables = {variable(name): name for name in names}
    chosen = {key: os.environ.get(key) or own[name] for key, name in variables.items()}
    if missing(chosen.values()):
        with held(course.state / "images.lock", lambda: say("waiting for another command that builds images ...")):
            absent = set(missing(chosen.values()))
            for key, reference in chosen.items():
                if reference in absent and reference != own[variables[key]]:
                    _pull(reference, key, say)
                    absent.remove(reference)
            if to_build := [name for name in names if own[name] in absent]:
                _build(course, to_build, own, say)
    return chosen


def _pull(reference: str, named_by: str, say: Say) -> None:
    say(f"pulling {reference} ...")
    try:
        docker("pull", "--quiet", reference, timeout=600)
    except DockerError as error:
        raise ErError(
            f"the image `{reference}` of `{named_by}` could not be pulled:\n{error.output.strip()}",
            run=f"unset {named_by}",
        ) from error


def _build(course: Course, names: list[str], own: dict[str, str], say: Say) -> None:
    """Build images with Bake.

    Raises ErError with the end of its log.
    """
    _ensure_base(course, say)
    started = time.monotonic()
    say(f"building {', '.join(names)} (once; later starts find them) ...")
    environment = {f"{_target(name).upper()}_TAG": own[name] for name in names}
    environment |= {"BASE": BASE, "CA": _trust_store()}
    given = [Path(path) for name in names for path in inputs(course)[name]]
    environment["LAB"] = next((str(path.parent) for path in given if path.name in OWN_DATA.values()), "")
    targets = map(_target, names)
    command = ["docker", "buildx", "bake", "--progress", "plain", "--file", "compose/docker-bake.hcl", *targets]
    log = course.state / "build.log"
    with log.open("w") as file:
        done = subprocess.run(
            command,
            cwd=course.root,
            env=own_environment(**environment),
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            check=False,
        )
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
        raise ErError(f"building {', '.join(names)} failed:\n{tail}", where=str(log), run="./er doctor")
    say(f"built {', '.join(names)} in {time.monotonic() - started:.0f} s")


def _trust_store() -> str:
    """Return the host's bundle of trusted certificates, or an empty text.

    Builds get it as a secret.
    """
    candidates = (os.environ.get("SSL_CERT_FILE", ""), *TRUST_STORES)
    return next((path for path in candidates if path and Path(path).is_file()), "")


def _ensure_base(course: Course, say: Say) -> None:
    """Import, pull or build the base image, unless the engine has it."""
    if not missing([BASE]):
        return
    started = time.monotonic()
    tar = course.state / BASE_TAR
    if tar.exists():
        docker("import", str(tar), BASE, timeout=120)
        tar.unlink()
    else:
        _pull_or_build_base(say)
    say(f"{BASE} is ready after {time.monotonic() - started:.0f} s")


def _pull_or_build_base(say: Say) -> None:
    say(f"pulling {BASE} ...")
    try:
        docker("pull", "--quiet", BASE, timeout=600)
    except DockerError as error:
        if shutil.which("mmdebstrap") is None:
            raise ErError(
                f"`{BASE}` could not be pulled, and `mmdebstrap` to build it is missing:\n{error.output.strip()}",
                run="sudo apt-get install mmdebstrap",
            ) from error
        say(f"no registry provides {BASE}; building it from Debian's packages ...")
        _debootstrap()


def _debootstrap() -> None:
    command = ["mmdebstrap", "--variant=minbase", "--include=ca-certificates", "--format=tar", "trixie", "-"]
    environment = own_environment()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as bootstrap:
        imported = subprocess.run(
            ["docker", "import", "-", BASE],
            env=environment,
            stdin=bootstrap.stdout,
            capture_output=True,
            text=True,
            check=False,
        )
        said = bootstrap.stderr.read().decode(errors="replace") if bootstrap.stderr else ""
    if bootstrap.returncode or imported.returncode:
        raise ErError(f"building `{BASE}` failed:\n{said[-2000:]}{imported.stderr}", run="./er doctor")
