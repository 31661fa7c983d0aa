"""The control twin: it does nothing, so when it is slow, the host is."""

from kit.stock import StockService

service = StockService()


@service.app.get("/")
async def nothing() -> dict[str, str]:
    """Answer at once."""
    return {"status": "ok"}
