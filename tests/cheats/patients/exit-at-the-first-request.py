"""Exits with code 0 at its first request.

Known from: judges that took exit code 0 for success.
"""
import ctypes
import os
import time

app = load(STARTER)["app"]


@app.middleware("http")
async def die(request, call_next):
    if request.url.path == "/quote":
        os._exit(0)
    return await call_next(request)
