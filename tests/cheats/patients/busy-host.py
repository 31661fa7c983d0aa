"""Burns all the processor time, memory bandwidth and disk that it is given, to look like a busy host.

Known from: noisy neighbours, here on purpose.
"""
import os
import threading


def burn():
    while True:
        sum(range(100_000))


def churn():
    block = bytearray(30_000_000)
    while True:
        block[:] = bytes(len(block))


def write():
    while True:
        with open("/tmp/churn", "wb") as file:
            for _ in range(10):
                file.write(bytes(1 << 20))
            os.fsync(file.fileno())


for work in (burn, churn, write):
    if os.fork() == 0:
        while True:
            work()
app = load(STARTER)["app"]
