"""Prints without end, on one line and on many.

Known from: "output limit exceeded".
"""
import os
import threading


def bomb():
    while True:
        os.write(1, b"x" * 65536)
        os.write(2, b"\n" * 65536)


app = load(STARTER)["app"]
threading.Thread(target=bomb, daemon=True).start()
