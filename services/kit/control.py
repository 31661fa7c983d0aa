"""The control port of a stock service: phase, faults and metrics, for those who have the run's secret."""

import hmac

from fastapi import FastAPI, Response
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from kit import telemetry
from kit.faults import Fault, Faults, menu
from kit.phase import Phase


class PhaseName(BaseModel):
    """The body of `PUT /phase`."""

    name: str


class BearerOnly:
    """Let requests through that carry the secret as a bearer token; answer 401 and nothing else to others."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._app = app
        self._expected = f"Bearer {secret}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401 with an empty body."""
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                return await Response(status_code=401)(scope, receive, send)
        return await self._app(scope, receive, send)


def control_app(phase: Phase, faults: Faults, secret: str) -> FastAPI:
    """Make the app of a control port."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(BearerOnly, secret=secret)

    @app.put("/phase")
    async def set_phase(told: PhaseName) -> PhaseName:
        phase.name = told.name
        return told

    @app.get("/faults")
    async def list_faults() -> dict[str, object]:
        return {"active": faults.active(), "kinds": menu()}

    @app.post("/faults")
    async def inject(fault: Fault) -> dict[str, object]:
        return faults.inject(fault)

    @app.delete("/faults")
    async def heal_all() -> dict[str, int]:
        return {"healed": faults.heal()}

    @app.delete("/faults/{number}")
    async def heal(number: int) -> dict[str, int]:
        return {"healed": faults.heal(number)}

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(telemetry.exposition(), media_type=telemetry.CONTENT_TYPE)

    return app
