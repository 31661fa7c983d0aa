"""Run the load generator: `python -m loadtests`."""

# Patched first, because all later imports must see gevent's sockets, clocks and locks.
from gevent import monkey

monkey.patch_all()

from loadtests.program import main  # noqa: E402

main()
