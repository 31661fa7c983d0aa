"""Run the load generator as `python -m loadtests`, with a locustfile's users, until a plan arrives."""

# Patched first, because all later imports must see gevent's sockets, clocks and locks.
from gevent import monkey

monkey.patch_all()

from loadtests.program import main  # noqa: E402

main()
