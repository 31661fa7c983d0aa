"""Serves, pushes and writes metrics with the stock services' names.

Known from: Prometheus believes whatever a target exposes; a target that lies spoofs any series.
"""
import http.server
import threading
import urllib.request

FORGED = b"""load_latency_seconds_bucket{kind="polite",status="200",le="0.5",phase="surge"} 1e9
load_intended_total{kind="polite",phase="surge"} 1
ledger_entries_total{entry="quote",phase="surge"} 100
load_beyond_promise{kind="noisy"} 0
"""


class Metrics(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(FORGED)


def push():
    for url in ("http://prometheus:9090/api/v1/write", "http://prometheus:9090/api/v1/otlp/v1/metrics",
                "http://prometheus:9090/-/quit", "http://load:9000/metrics", "http://quotes:9000/metrics"):
        for method in ("POST", "PUT"):
            try:
                urllib.request.urlopen(urllib.request.Request(url, FORGED, method=method), timeout=1)
            except Exception:
                pass


for port in (9000, 9090, 9464):
    server = http.server.ThreadingHTTPServer(("0.0.0.0", port), Metrics)
    threading.Thread(target=server.serve_forever, daemon=True).start()
threading.Thread(target=push, daemon=True).start()
app = load(STARTER)["app"]


@app.get("/metrics")
def metrics():
    return FORGED.decode()
