"""Faults, which hit a replica that the seed draws."""

from collections import defaultdict
from collections.abc import Iterator

import yaml

from grader.authoring.lint.finding import Finding, line_of
from grader.course.course import Course, Lab


def check(_: Course, lab: Lab) -> Iterator[Finding]:
    """Find faults that always hit the same one of several equal patients."""
    drawn = {name for group in lab.manifest.replicas for name in group}
    path = lab.path / "lab.toml"
    text = path.read_text()
    for group in _equal_patients(lab):
        for phase in lab.manifest.phase:
            for fault in phase.faults:
                hit = {str(value) for value in (fault.service, fault.parameters.get("caller"))}
                for name in sorted(hit & {*group} - drawn):
                    yield Finding(
                        path,
                        line_of(text, f'name = "{phase.name}"'),
                        f"the faults of `{phase.name}` always hit `{name}`, so a fix can hide in another replica",
                        f"replicas = [{list(group)}]".replace("'", '"'),
                    )


def _equal_patients(lab: Lab) -> list[tuple[str, ...]]:
    """Return the names of services that run the same command of the patient."""
    try:
        services = yaml.safe_load((lab.path / "compose.yaml").read_text())["services"]
        commands = defaultdict(list)
        for name, service in services.items():
            if "kit.patient" in (service or {}).get("command", []):
                commands[tuple(service["command"])].append(name)
    except (OSError, yaml.YAMLError, AttributeError, TypeError, KeyError):
        return []  # the rule on compose files reports it
    return [tuple(names) for names in commands.values() if len(names) > 1]
