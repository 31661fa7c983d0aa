"""The program: the load generator with a locustfile's users, and its control port."""

import logging
import os
import signal
import sys
from pathlib import Path

import gevent
from gevent.pywsgi import WSGIServer
from locust.util.load_locustfile import load_locustfile

from kit.address import app_port, control_host, control_port
from kit.logs import configure_logs
from kit.secret import read_secret
from loadtests.control import control_app, health_app
from loadtests.generator import LoadGenerator
from loadtests.users import OpenUser


def users_of(path: Path) -> list[type[OpenUser]]:
    """Return a locustfile's user classes.

    Raises SystemExit when it defines none.
    """
    found, _ = load_locustfile(str(path))
    users = [user for user in found.values() if issubclass(user, OpenUser)]
    if not users:
        raise SystemExit(f"`{path}` defines no open-loop users")
    return users


def main() -> None:
    """Serve the control port until SIGTERM or SIGINT.

    ER_LOCUSTFILE names the locustfile.
    """
    configure_logs()
    secret = read_secret()
    generator = LoadGenerator(users_of(Path(os.environ.get("ER_LOCUSTFILE", "/load/locustfile.py"))), secret)
    servers = [
        WSGIServer(("127.0.0.1", app_port()), health_app(), log=None),
        WSGIServer((control_host(), control_port()), control_app(generator, secret), log=None),
    ]
    for server in servers:
        server.start()
        logging.getLogger(__name__).info("serving at http://%s:%d", *server.address)
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, sys.exit, 0)
    gevent.wait()
