"""Refuses every request, politely and at once.

Known from: "the system never failed a request that it accepted".
"""
from fastapi import Response

from kit import create_app

app = create_app()


@app.get("/quote")
async def quote():
    return Response(status_code=429, headers={"Retry-After": "1"})
