"""The compose file of a lab, which keeps the protection of templates."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from grader.authoring.lint.finding import Finding, line_of
from grader.course.course import ALL_LABS, Course, Lab

FORBIDDEN = {
    "privileged", "cap_add", "devices", "network_mode", "pid", "ipc", "userns_mode", "security_opt", "user", "cgroup",
    "container_name", "build", "env_file", "read_only", "cap_drop", "init", "mem_limit", "memswap_limit", "pids_limit",
    "restart", "extra_hosts", "secrets", "ports", "sysctls", "ulimits", "tmpfs", "runtime", "volumes_from",
}  # fmt: skip
"""Keys of a service that only the templates set."""

ALLOWED = {
    "extends",
    "command",
    "environment",
    "labels",
    "volumes",
    "depends_on",
    "healthcheck",
    "networks",
    "image",
    "working_dir",
}

PATIENTS = ("patient", "skewed")
"""The templates of patients."""

STORE = re.compile(rf"\.\./\.\./compose/(?!(?:{'|'.join(ALL_LABS)})\.)[a-z]+\.yaml")
"""The file of a store. A lab includes it, or extends the store in it to change the CPU limit."""

MOST_CPUS = 1.25
"""The most CPUs that patients may load: 2, as on the smallest machine, less 0.75."""


def check(_: Course, lab: Lab) -> Iterator[Finding]:
    """Find services without a template, or with keys that templates own."""
    path = lab.path / "compose.yaml"
    if not path.exists():
        return
    text = path.read_text()
    try:
        document = yaml.safe_load(text)
        services: dict[str, dict[str, Any]] = {name: given or {} for name, given in document["services"].items()}
    except (yaml.YAMLError, AttributeError, TypeError, KeyError) as error:
        yield Finding(path, 0, f"not a valid compose file: {error}", "see that of another lab")
        return
    if "../../compose/stack.yaml" not in document.get("include", []):
        yield Finding(path, 0, "it does not include ../../compose/stack.yaml", "load, twin and Prometheus are there")
    if document.get("networks"):
        yield Finding(path, line_of(text, "networks:"), "a lab has no networks of its own", "they are in stack.yaml")
    for name, service in services.items():
        if STORE.fullmatch(_extended(service).get("file", "")):
            yield from _store(lab, name, service, text)
        else:
            yield from _service(lab, name, service, text)
    cpus = _cpus(lab, document, services)
    if cpus > MOST_CPUS:
        yield Finding(path, 0, f"patients can load {cpus:.2f} cores", f"the `er.cpus` limits may sum to {MOST_CPUS}")


def _store(lab: Lab, name: str, service: dict[str, Any], text: str) -> Iterator[Finding]:
    """Find changes to a store other than its `er.cpus`."""
    own = {"file": f"../../compose/{name}.yaml", "service": name}
    if _extended(service) != own or {*service} != {"extends", "labels"} or {*service["labels"]} != {"er.cpus"}:
        yield Finding(
            lab.path / "compose.yaml",
            line_of(text, f"  {name}:"),
            f"`{name}` changes a store, where a lab may set only `er.cpus`",
            f"{name}: {{ extends: {{ file: ../../compose/{name}.yaml, service: {name} }}, labels: ... }}",
        )


def _extended(service: dict[str, Any]) -> dict[str, str]:
    return service.get("extends") or {}


def _service(lab: Lab, name: str, service: dict[str, Any], text: str) -> Iterator[Finding]:
    path = lab.path / "compose.yaml"
    line = line_of(text, f"  {name}:")
    extended = _extended(service)
    template = extended.get("service")
    if extended.get("file") != "../../compose/service.yaml" or template not in (*PATIENTS, "stock"):
        yield Finding(
            path,
            line,
            f"`{name}` does not extend a template",
            "extends: { file: ../../compose/service.yaml, service: patient, skewed or stock }",
        )
    for key in service:
        if key in FORBIDDEN:
            yield Finding(
                path, line_of(text, f"{key}:", after=line) or line, f"`{name}` sets `{key}`", "only templates do"
            )
        elif key not in ALLOWED:
            yield Finding(
                path,
                line_of(text, f"{key}:", after=line) or line,
                f"`{name}` sets `{key}`, which no lab needs",
                "leave it out",
            )
    if template in PATIENTS and service.get("networks", ["app"]) != ["app"]:
        yield Finding(
            path,
            line_of(text, "networks:", after=line) or line,
            f"the patient `{name}` is on other networks than `app`",
            "leave them out",
        )
    for volume in service.get("volumes", []):
        if "docker.sock" in str(volume) or str(volume).startswith(("/", "~", "..")):
            yield Finding(
                path,
                line_of(text, "volumes:", after=line) or line,
                f"`{name}` mounts `{volume}` of the host",
                "leave it out",
            )


def _cpus(lab: Lab, document: dict[str, Any], services: dict[str, dict[str, Any]]) -> float:
    """Return the sum of the CPU limits that patients can load.

    These are their own limits, and those of the stock services and stores.
    """
    everything: list[dict[str, Any]] = []
    for service in services.values():
        extended = _extended(service)
        template = _services(lab, extended.get("file", "")).get(extended.get("service", ""), {})
        everything.append({**template.get("labels", {}), **service.get("labels", {})})
    for included in map(str, document.get("include", [])):
        if STORE.fullmatch(included):
            everything += [store.get("labels", {}) for store in _services(lab, included).values()]
    return round(sum(float(labels.get("er.cpus") or 0) for labels in everything), 3)


def _services(lab: Lab, file: str) -> dict[str, dict[str, Any]]:
    """Return the services of a file that a compose file names.

    A file that does not exist has none.
    """
    path = lab.path / file
    return yaml.safe_load(path.read_text())["services"] if path.is_file() else {}
