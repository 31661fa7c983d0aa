"""Answers with a body that has no end.

Known from: judges whose output limit was their disk.
"""
from kit import create_app
from fastapi import Request, Response
from starlette.responses import StreamingResponse

app = create_app()


@app.get("/quote")
async def quote():
    async def zeros():
        while True:
            yield bytes(65536)

    return StreamingResponse(zeros())
