"""Patients as modules, with a scripted service in place of one that they call."""

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

import pytest
from serving import serving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from grader.course.course import Course
from grader.course.fixes import candidate_files
from kit.connection import connection_of

TRICKLE_SECONDS = 0.02

Deed = Callable[[Request], Awaitable[Response]]
"""What a scripted service does with one request."""


def import_patient(
    monkeypatch: pytest.MonkeyPatch, folder: Path, lab: str, candidate: str, **variables: str
) -> ModuleType:
    """Import the one module of a candidate afresh, with these environment variables."""
    ((name, text),) = candidate_files(Course.here().lab(lab), candidate).items()
    (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, Path(name).stem, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    return importlib.import_module(Path(name).stem)


class ScriptedService:
    """Treat each request by the next of the deeds, and all further ones by the last."""

    def __init__(self, *deeds: Deed) -> None:
        self.requests: list[Request] = []
        self._deeds = list(deeds)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve inside the block, at the address that it gets."""
        methods = ["GET", "POST", "PUT", "DELETE"]
        async with serving(Starlette(routes=[Route("/{path:path}", self._treat, methods=methods)])) as (server,):
            yield f"http://127.0.0.1:{server.port}"

    def go_on_with(self, *deeds: Deed) -> None:
        """Replace the deeds that are left."""
        self._deeds = list(deeds)

    async def _treat(self, request: Request) -> Response:
        await request.body()
        self.requests.append(request)
        deed = self._deeds.pop(0) if len(self._deeds) > 1 else self._deeds[0]
        return await deed(request)


def answering(status: int, body: object = None, **headers: str) -> Deed:
    """Return a deed that answers at once."""

    async def answer(_: Request) -> Response:
        return JSONResponse(body, status, {name.replace("_", "-"): value for name, value in headers.items()})

    return answer


async def hang(_: Request) -> Response:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def reset(request: Request) -> Response:
    """Reset the connection."""
    await connection_of(request.scope).reset()
    return Response()


async def trickle(_: Request) -> Response:
    """Send status and headers at once, and then a body that never ends, byte by byte."""

    async def spaces() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(TRICKLE_SECONDS)

    return StreamingResponse(spaces(), 201, media_type="application/json")
