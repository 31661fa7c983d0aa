"""Faults by hand on a live lab: `er break` and `er heal`."""

import re
from collections.abc import Mapping

from grader.base.errors import ErError
from grader.course.course import Lab
from grader.engine.port import InjectedFault, Port
from grader.incident.restarts import ORCHESTRATOR

COMMAND_WIDTH = 48
NOT_TO_BREAK = ("load", "twin", ORCHESTRATOR)


def menu(lab: Lab, ports: Mapping[str, Port], service: str | None) -> str:
    """Return the commands that inject faults, and the active faults."""
    lines = []
    for name in [service] if service else _services(ports):
        offer = _port(lab, ports, name).faults()
        for kind, fault in offer.kinds.items():
            call = " ".join([kind, *(f"{key}=…" for key in fault.parameters)])
            lines.append(_described(f"./er break {lab.number} {name} {call}", fault.describes))
        lines += [f"# active on {name} now: {fault.kind}" for fault in offer.active]
    return "\n".join([*lines, _described(f"./er heal {lab.number}", "end all faults")])


def inject(  # noqa: PLR0913, PLR0917 # the arguments of one command
    lab: Lab,
    ports: Mapping[str, Port],
    service: str,
    kind: str,
    parameters: tuple[str, ...],
    seconds: str | None,
) -> str:
    """Inject one fault and return what the service acknowledged.

    `parameters` are KEY=VALUE texts, `seconds` is a time like `10s`. Raises ErError for an argument that is malformed
    or refused.
    """
    given: dict[str, object] = {}
    port = _port(lab, ports, service)
    for text in parameters:
        key, equals, value = text.partition("=")
        if not equals:
            raise ErError(f"a parameter must be `KEY=VALUE`, not `{text}`", run=f"./er break {lab.number}")
        given[key] = _number(value)
    if seconds is not None:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)s?", seconds)
        if not match:
            raise ErError(
                f"`--for` must be a time in seconds like `10s`, not `{seconds}`",
                run=f"./er break {lab.number} {service} {kind} --for 10s",
            )
        given["seconds_active"] = float(match[1])
    try:
        fault = port.inject(InjectedFault(kind, {**given, **port.by_hand}))
    except ErError as error:
        raise ErError(error.what, run=f"./er break {lab.number}") from error
    told = {key: value for key, value in fault.parameters.items() if value is not None and key not in port.by_hand}
    details = ", ".join(f"{key}={value}" for key, value in told.items())
    of = f" ({details})" if details else ""
    return f"`{fault.kind}` is active on `{service}`{of}; to end it: ./er heal {lab.number}"


def heal(lab: Lab, ports: Mapping[str, Port], service: str | None) -> str:
    """End the faults of one service, or of all."""
    healed = sum(_port(lab, ports, name).heal() for name in ([service] if service else _services(ports)))
    return f"ended {healed} fault{'' if healed == 1 else 's'}"


def _described(command: str, says: str) -> str:
    return f"{command:<{COMMAND_WIDTH}}  {says}"


def _services(ports: Mapping[str, Port]) -> list[str]:
    return [name for name in ports if name not in NOT_TO_BREAK]


def _port(lab: Lab, ports: Mapping[str, Port], service: str) -> Port:
    if service not in _services(ports):
        known = ", ".join(f"`{name}`" for name in _services(ports))
        raise ErError(
            f"lab {lab.number} has no service `{service}` to break; it has {known}",
            run=f"./er break {lab.number}",
        )
    return ports[service]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
