"""Makes a segmentation fault in the middle of the incident.

Known from: judges that told only exceptions from success.
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
            ctypes.string_at(0)
    return await call_next(request)
