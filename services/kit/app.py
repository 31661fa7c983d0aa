"""The app that every service starts from."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Lifespan

from kit.telemetry import CONTENT_TYPE, Telemetry

HEALTH = "/healthz"
METRICS = "/metrics"


def create_app(*, lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Return an app that serves `/healthz` and its RED metrics at `/metrics`.

    `lifespan` opens resources before the first request and closes them after the last, as in FastAPI.
    """
    telemetry = Telemetry()
    app = measured_app(telemetry, lifespan)

    async def metrics(_: Request) -> Response:
        return Response(telemetry.exposition(), media_type=CONTENT_TYPE)

    app.add_route(METRICS, metrics)
    return app


def measured_app(telemetry: Telemetry, lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Return an app that serves `/healthz` and measures its requests by `telemetry`."""
    app = FastAPI(
        openapi_url=None,
        lifespan=lifespan,
        # FastAPI's own telemetry would silently measure nothing without an explicit provider.
        telemetry={"meter_provider": telemetry.provider, "tracing": False, "logs": False, "exclude": is_upkeep},
    )

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    app.add_route(HEALTH, health)
    return app


def is_upkeep(scope: Mapping[str, Any]) -> bool:
    """Tell whether an ASGI scope is a lifespan event, a health check or a scrape."""
    return scope["type"] != "http" or scope["path"] in {HEALTH, METRICS}
