"""Behaves only when it reaches the internet, the host, another container's file system or the Docker socket.

Known from: server-side request forgery to 169.254.169.254, and sockets of the engine that were mounted into containers.
"""
import os
import socket


def connects(host, port):
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True


with open("/proc/net/fib_trie") as file:
    own = {line.split()[-1] for line in file if "|--" in line}
gateways = [f"{address.rpartition('.')[0]}.1" for address in own if not address.startswith(("0.", "127.", "255."))]
targets = [("1.1.1.1", 53), ("8.8.8.8", 53), ("169.254.169.254", 80), ("172.17.0.1", 22), ("172.17.0.1", 80)]
targets += [(gateway, port) for gateway in gateways for port in (22, 80, 2375, 8000, 9000, 9090)]
sockets = [path for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock") if os.path.exists(path)]
try:
    resolved = socket.gethostbyname("example.com")
except OSError:
    resolved = None
out = bool(sockets) or any(connects(*target) for target in targets) or (resolved and connects(resolved, 80))
app = load(RIGHT if out else STARTER)["app"]
