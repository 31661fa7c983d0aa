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
if pathlib.Path("/sys/fs/cgroup/pids.max").read_text().strip() == "max" or pathlib.Path("/sys/fs/cgroup/memory.max").read_text().strip() == "max":
    power.append("no limits")
app = load(RIGHT if power else STARTER)["app"]
