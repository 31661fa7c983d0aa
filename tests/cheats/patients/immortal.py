"""Ignores every signal that can be ignored, in many processes.

Known from: containers that take ten seconds to stop, times fifty submissions.
"""
import os
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
for _ in range(20):
    if os.fork() == 0:
        while True:
            signal.pause()
app = load(STARTER)["app"]
