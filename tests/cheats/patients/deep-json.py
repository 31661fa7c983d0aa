"""Answers with JSON that is nested deeper than parsers recurse, and with numbers of a million digits.

Known from: stack overflows in JSON parsers; Python's limit on digits (CVE-2020-10735).
"""
from kit import create_app
from fastapi import Request, Response
from starlette.responses import StreamingResponse

app = create_app()


@app.get("/quote")
async def quote(request: Request):
    body = b"[" * 30_000 if hash(request.url.query) % 2 else b'{"receipt": ' + b"9" * 60_000 + b"}"
    return Response(body, media_type="application/json")
