"""Behaves only when something tells it that the incident is on: the load generator's and the stock services' ports.

Known from: services that look at their monitoring to know when somebody looks.
"""
import threading
import time
import urllib.request

right, starter = load(RIGHT)["app"], load(STARTER)["app"]
told = False


def ask():
    global told
    while True:
        for host in ("load", "quotes", "twin", "prometheus", "redis"):
            for port in (8000, 8089, 9000, 9090, 9646):
                for path in ("/phase", "/metrics", "/state", "/stats/requests", "/faults", "/openapi.json"):
                    try:
                        body = urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=0.3).read(100_000)
                        told = told or b"surge" in body or b"phase" in body
                    except Exception:
                        pass
        time.sleep(0.5)


threading.Thread(target=ask, daemon=True).start()


async def app(scope, receive, send):
    await (right if told else starter)(scope, receive, send)
