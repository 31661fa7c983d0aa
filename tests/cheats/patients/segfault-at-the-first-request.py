"""Makes a segmentation fault at its first request.

Known from: judges that told only exceptions from success.
"""
import ctypes
import os
import time

app = load(STARTER)["app"]


@app.middleware("http")
async def die(request, call_next):
    if request.url.path == "/quote":
        ctypes.string_at(0)
    return await call_next(request)
