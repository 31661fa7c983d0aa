"""Answers with a few kilobytes that unpack to many megabytes.

Known from: 42.zip, and Content-Encoding ever since.
"""
import gzip

from kit import create_app
from fastapi import Request, Response
from starlette.responses import StreamingResponse

app = create_app()

BOMB = gzip.compress(bytes(40_000_000))


@app.get("/quote")
async def quote():
    return Response(BOMB, headers={"content-encoding": "gzip"}, media_type="application/json")
