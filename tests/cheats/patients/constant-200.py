"""Answers every request with the same quote, made up.

Known from: hard-coded outputs, the oldest trick against programming judges.
"""
from kit import create_app

app = create_app()


@app.get("/quote")
async def quote(symbol: str):
    return {"symbol": symbol, "price": 100.0, "receipt": "0123456789abcdef.0123456789abcdef0123456789abcdef"}
