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
    """Return an app with its health at `/healthz` and its rate, errors and durations at `/metrics`.

    `lifespan`: what to open before the first request and close after the last, as FastAPI has it.
    """
    telemetry = Telemetry()
    app = measured_app(telemetry, lifespan)

    async def metrics(_: Request) -> Response:
        return Response(telemetry.exposition(), media_type=CONTENT_TYPE)

    app.add_route(METRICS, metrics)
    return app


def measured_app(telemetry: Telemetry, lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Return an app with its health at `/healthz`, whose requests are measured by `telemetry`."""
    app = FastAPI(
        openapi_url=None,
        lifespan=lifespan,
        # FastAPI's own telemetry. Without a provider it would measure nothing, and say nothing.
        telemetry={"meter_provider": telemetry.provider, "tracing": False, "logs": False, "exclude": is_upkeep},
    )

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    app.add_route(HEALTH, health)
    return app


def is_upkeep(scope: Mapping[str, Any]) -> bool:
    """Tell whether an ASGI scope is none of a user's requests, but the server's, a health check's or a scrape's."""
    return scope["type"] != "http" or scope["path"] in {HEALTH, METRICS}
