"""The app factory: FastAPI with health, metrics and JSON logs, and nothing that a service does not need."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI, Response

from kit import telemetry

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(*, lifespan: Lifespan | None = None, metrics: bool = True) -> FastAPI:
    """Make a service's app with `GET /healthz` and, unless told otherwise, `GET /metrics`.

    FastAPI records RED metrics itself (`http_server_request_duration_seconds`); `lifespan` is FastAPI's own.
    """
    app = FastAPI(
        lifespan=lifespan,
        telemetry={"meter_provider": telemetry.provider(), "tracing": False, "logs": False},
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    if metrics:

        @app.get("/metrics")
        async def exposition() -> Response:
            return Response(telemetry.exposition(), media_type=telemetry.CONTENT_TYPE)

    return app
