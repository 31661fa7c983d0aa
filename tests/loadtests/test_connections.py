"""Addresses of targets: looked up in the background, and kept.

The tests have a process of their own, because Locust's client brings gevent.
"""

import subprocess
import sys

PRELUDE = """
import gevent
from geventhttpclient.connectionpool import ConnectionPool
from loadtests import connections

answers, asked = [], 0

def look_up(pool):
    global asked
    asked += 1
    answer = answers.pop(0)
    if answer is None:
        raise OSError("no such name")
    return answer

ConnectionPool._resolve = look_up
pool = connections.Clients().get_client("http://gateway:8000")._connection_pool

def later():
    pool._looked_up -= 2 * connections.ADDRESS_SECONDS
    before = pool._resolve()
    gevent.sleep(0)
    return before, pool._resolve()
"""


def said(script: str) -> str:
    run = [sys.executable, "-c", PRELUDE + script]
    return subprocess.run(run, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


def test_a_name_is_looked_up_once_for_many_connections() -> None:
    assert said("answers = [['a']]; print([pool._resolve() for _ in range(3)], asked)") == "[['a'], ['a'], ['a']] 1"


def test_an_old_address_is_used_while_the_name_is_looked_up_again() -> None:
    assert said("answers = [['a'], ['b']]; pool._resolve(); print(*later())") == "['a'] ['b']"


def test_a_target_whose_name_is_gone_keeps_its_last_address() -> None:
    assert said("answers = [['a'], None]; pool._resolve(); print(*later())") == "['a'] ['a']"


def test_a_name_that_was_never_known_is_an_error() -> None:
    script = """
answers = [None]
try:
    pool._resolve()
except OSError as error:
    print(error)
"""
    assert said(script) == "no such name"
