"""Burns all the processor time that there is before it has a limit, and never answers, to look like a busy host.

Known from: crash loops that take their neighbours with them, here on purpose.
"""
import os

for _ in range(16):
    if os.fork() == 0:
        break
while True:
    sum(range(100_000))
