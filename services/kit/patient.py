"""Serve a patient: `python -m kit.patient gateway:app`."""

import sys

from kit.address import ANYWHERE, app_port
from kit.logs import configure_logs
from kit.serve import Server, run
from kit.tracebacks import print_own_part


def main(target: str) -> int:
    """Serve the app that `target` names, as `module:app`; return the exit code.

    When the module or the app's start crashes, its traceback goes to standard error, from the learner's file on.
    """
    configure_logs()
    module, _, app = target.partition(":")
    try:
        # Not importlib's function: the statement's own way keeps importlib's frames out of tracebacks.
        run(Server(getattr(__import__(module), app), ANYWHERE, app_port()))
    except BaseException as error:  # noqa: BLE001 # also an exit() in the learner's file
        print_own_part(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
