"""The control port of a stock service: phase, faults and metrics, behind the run's secret."""

from typing import Annotated

from fastapi import Body, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from kit.faults import AnyFault, Faults, UnknownCallerError, described_common, described_kinds
from kit.phase import CurrentPhase
from kit.secret import authorizes
from kit.telemetry import CONTENT_TYPE, Telemetry


class BearerAuth:
    """Answer every request without the secret with a bare 401 (ASGI middleware)."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._app = app
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        # Lifespan events come from the server itself, not from the network.
        if scope["type"] == "lifespan" or authorizes(dict(scope["headers"]).get(b"authorization", b""), self._secret):
            await self._app(scope, receive, send)
        else:
            await Response(status_code=401)(scope, receive, send)


class PhaseName(BaseModel):
    """Describe the body of `PUT /phase` and of its answer."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(pattern="^[a-z0-9-]{1,64}$")]


def control_app(secret: str, phase: CurrentPhase, faults: Faults, telemetry: Telemetry) -> FastAPI:
    """Return the app of a control port."""
    app = FastAPI(openapi_url=None, telemetry={"metrics": False, "tracing": False, "logs": False})
    app.add_middleware(BearerAuth, secret=secret)

    @app.exception_handler(UnknownCallerError)
    async def refuse(_: Request, error: UnknownCallerError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    @app.put("/phase")
    async def enter_phase(told: PhaseName) -> PhaseName:
        phase.enter(told.name)
        return told

    @app.get("/faults")
    async def list_faults() -> dict[str, object]:
        return {
            "active": [active.described() for active in faults.active],
            "kinds": described_kinds(),
            "common": described_common(),
        }

    @app.post("/faults")
    async def inject(fault: Annotated[AnyFault, Body(discriminator="kind")]) -> dict[str, object]:
        return faults.inject(fault).described()

    @app.put("/faults")
    async def replace(wanted: list[Annotated[AnyFault, Body(discriminator="kind")]]) -> list[dict[str, object]]:
        return [active.described() for active in faults.replace(wanted)]

    @app.delete("/faults")
    async def heal_all() -> dict[str, int]:
        return {"healed": faults.heal()}

    @app.delete("/faults/{number}")
    async def heal(number: int) -> dict[str, int]:
        if not (healed := faults.heal(number)):
            raise HTTPException(404, f"no fault has the id {number}")
        return {"healed": healed}

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(telemetry.exposition(), media_type=CONTENT_TYPE)

    return app
