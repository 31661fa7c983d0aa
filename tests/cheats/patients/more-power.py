"""Behaves only when it has power that it should not have: root, capabilities, raw sockets, a writable root, no limits.

Known from: containers started as root with default capabilities, the beginning of most escapes.
"""
import os
import pathlib
import socket

power = []
status = pathlib.Path("/proc/self/status").read_text()
fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
if os.geteuid() == 0 or int(fields["CapEff"], 16) or int(fields["CapBnd"], 16) or fields["NoNewPrivs"].strip() != "1":
    power.append("capabilities")
for path in ("/etc/x", "/patient/x", "/usr/x", "/x", "/home/x", "/var/x", "/run/x"):
    try:
        pathlib.Path(path).write_text("x")
        power.append(path)
    except OSError:
        pass
try:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    power.append("raw sockets")
except OSError:
    pass
limits = ("pids.max", "memory.max", "pids/pids.max", "memory/memory.limit_in_bytes")
found = [path.read_text().strip() for path in map(pathlib.Path("/sys/fs/cgroup").joinpath, limits) if path.exists()]
if "max" in found or any(len(limit) > 15 for limit in found):
    power.append("no limits")
app = load(RIGHT if power else STARTER)["app"]
