"""Serve a patient: `python -m kit.patient gateway:app`."""

import os
import sys
import threading
from importlib import import_module

from kit.address import ANYWHERE, app_port
from kit.logs import configure_logs
from kit.reload import run_reloadable
from kit.server import Server, run
from kit.tracebacks import own_part, print_own_part

IMPORTED_ONCE = ("fastapi", "httpx2", "redis.asyncio")
"""Modules that take long to import: the parent imports them, and those in IMPORTED_ONCE, once for all reloads."""

STARTUP_FAILED = 3
"""The exit code when the app's lifespan fails as it starts, as uvicorn's own: a store may not have been ready yet."""


def serve(target: str) -> int:
    """Serve the app that `target` names, as `module:app`.

    Return the exit code.
    If the module or the app's start crashes, its traceback goes to standard error, from the learner's file on.
    """
    threading.excepthook = end_with_thread
    module, _, app = target.partition(":")
    server = None
    try:
        server = Server(getattr(import_module(module), app), ANYWHERE, app_port())
        run(server)
    except BaseException as error:  # noqa: BLE001 # also an exit() in the learner's file
        print_own_part(error)
        return STARTUP_FAILED if server and not server.started else 1
    return 0


def end_with_thread(failed: threading.ExceptHookArgs) -> None:
    """End the process when a thread of the learner's code crashes.

    Otherwise half a service would still look healthy. A crash in a library's own thread ends nothing.
    """
    if failed.exc_value is None or own_part(failed.exc_traceback) is None:
        threading.__excepthook__(failed)
        return
    print_own_part(failed.exc_value)
    sys.stdout.flush()
    os._exit(1)


def main(target: str) -> int:
    """Serve an app until it ends or is stopped.

    SIGHUP reloads its files.
    """
    configure_logs()
    for module in (*IMPORTED_ONCE, *os.environ.get("IMPORTED_ONCE", "").split()):
        import_module(module)
    return run_reloadable(lambda: serve(target))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
