"""Sends the load generator to the control ports, to itself in a loop, and to other schemes.

Known from: server-side request forgery by redirect.
"""
import itertools

from kit import create_app
from fastapi import Request, Response
from starlette.responses import StreamingResponse

app = create_app()

PLACES = itertools.cycle(("http://quotes:9000/faults", "/quote?again=1", "file:///run/secrets/control", "http://twin:8000/",
                          "http://load:9000/play", "//prometheus:9090/-/quit"))


@app.get("/quote")
async def quote():
    return Response(status_code=307, headers={"location": next(PLACES)})
