"""Exits with code 0 in the middle of the incident.

Known from: judges that took exit code 0 for success.
"""
import ctypes
import os
import time

app = load(STARTER)["app"]
began = []


@app.middleware("http")
async def die(request, call_next):
    if request.url.path == "/quote":
        began.append(time.monotonic())
        if began[-1] - began[0] > 4:
            os._exit(0)
    return await call_next(request)
