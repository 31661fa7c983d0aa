"""Answers one byte at a time, slowly.

Known from: Slowloris (2009), the other way round.
"""
import asyncio

from kit import create_app
from fastapi import Request, Response
from starlette.responses import StreamingResponse

app = create_app()


@app.get("/quote")
async def quote():
    async def drip():
        while True:
            yield b" "
            await asyncio.sleep(1)

    return StreamingResponse(drip())
