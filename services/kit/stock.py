"""Serve a stock service and its control port: `python -m kit.stock quotes`.

For a package it takes the module, such as `trace_audit.service`.
"""

import sys
from importlib import import_module

from kit.address import ANYWHERE, app_port, control_host, control_port
from kit.errors import SetupError
from kit.faults import Faults
from kit.logs import configure_logs
from kit.server import Server, run


def main(name: str) -> int | str:
    """Serve a module's `service`, and return the exit code or an error message."""
    configure_logs()
    try:
        service = import_module(name).service
        control = control_host()
    except SetupError as error:
        return f"{name}: {error}"
    server = Server(service.app, ANYWHERE, app_port())
    close_while_down(server, service.faults)
    run(server, Server(service.control, control, control_port()))
    return 0


def close_while_down(server: Server, faults: Faults) -> None:
    """Close a server's port while a `down` fault is active."""
    faults.on_change(lambda: server.close() if faults.down else server.open())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
