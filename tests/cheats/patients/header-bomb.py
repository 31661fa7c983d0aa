"""Answers with megabytes of headers.

Known from: HTTP clients without a limit on the head of an answer.
"""
from kit import create_app
from fastapi import Request, Response
from starlette.responses import StreamingResponse

app = create_app()


@app.get("/quote")
async def quote():
    return Response(b"{}", headers={f"x-{number}": "x" * 4000 for number in range(2000)})
