"""Hangs in the middle of the incident.

Known from: judges without a time limit of their own.
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
            time.sleep(3600)
    return await call_next(request)
