"""Hangs at its first request.

Known from: judges without a time limit of their own.
"""
import ctypes
import os
import time

app = load(STARTER)["app"]


@app.middleware("http")
async def die(request, call_next):
    if request.url.path == "/quote":
        time.sleep(3600)
    return await call_next(request)
