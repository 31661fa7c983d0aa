"""`python -m loadtests`: the load generator, with the users of a locustfile, waiting for a plan."""

# Before anything else: all that follows must see gevent's sockets, clocks and locks.
from gevent import monkey

monkey.patch_all()

from loadtests.program import main  # noqa: E402

main()
