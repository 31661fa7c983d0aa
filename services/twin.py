"""The control twin: it does nothing, so when it is slow, the host is."""

from kit.service import StockService

service = StockService("twin")


@service.app.get("/")
async def answer() -> dict[str, str]:
    """Answer at once."""
    return {"status": "ok"}
