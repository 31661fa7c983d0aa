"""Takes all the memory it can get once it serves.

Known from: judges that measured memory only at the end.
"""
import threading

held = []


def bomb():
    while True:
        held.append(bytearray(10_000_000))


app = load(STARTER)["app"]
threading.Timer(3, bomb).start()
