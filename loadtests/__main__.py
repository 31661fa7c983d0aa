"""The load generator: `python -m loadtests` plays what its control port is told, with the users of a locustfile."""

# Everything below must see gevent's sockets and clocks.
from gevent import monkey

monkey.patch_all()

import importlib.util  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import gevent  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402

from kit.address import app_port, control_host, control_port  # noqa: E402
from kit.logs import configure_logs  # noqa: E402
from kit.secret import read_secret  # noqa: E402
from loadtests.control import Conductor, control_app, health_app  # noqa: E402
from loadtests.users import OpenUser  # noqa: E402


def users_of(path: Path) -> list[type[OpenUser]]:
    """Return the user classes that a locustfile defines; raises SystemExit when there are none."""
    spec = importlib.util.spec_from_file_location("locustfile", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"`{path}` is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["locustfile"] = module
    spec.loader.exec_module(module)
    users = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, OpenUser) and not value.abstract
    ]
    if not users:
        raise SystemExit(f"`{path}` defines no users")
    return users


def main() -> None:
    """Serve the control port until SIGTERM."""
    configure_logs()
    secret = read_secret()
    users = users_of(Path(os.environ.get("ER_LOCUSTFILE", "/load/locustfile.py")))
    control = WSGIServer((control_host(), control_port()), control_app(Conductor(users, secret), secret), log=None)
    health = WSGIServer(("127.0.0.1", app_port()), health_app(), log=None)
    gevent.signal_handler(signal.SIGTERM, sys.exit, 0)
    health.start()
    control.serve_forever()


if __name__ == "__main__":
    main()
