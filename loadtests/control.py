"""The load generator's control port: play, stop, state and metrics, for those who have the run's secret."""

import hmac
import math
import time
from collections.abc import Sequence

from flask import Flask, Response, abort, jsonify, request
from locust.env import Environment
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from loadtests.play import Play
from loadtests.record import Record
from loadtests.schedule import Plan, schedule
from loadtests.users import OpenUser, Twin

TWIN_RATE = 10.0
"""Requests a second to the control twin, in every phase."""

SHORTEST_NOTICE = 0.2
"""A play begins at the next whole wall-clock second that is at least this far away."""


class Conductor:
    """Play plans with Locust's local runner, one at a time."""

    def __init__(self, users: Sequence[type[OpenUser]], secret: str) -> None:
        self.users: list[type[OpenUser]] = [*users, Twin]
        self.record = Record()
        self._secret = secret
        self._environment = Environment(user_classes=[*self.users], catch_exceptions=True)
        self._runner = self._environment.create_local_runner()
        self._play: Play | None = None

    def play(self, plan: Plan) -> float:
        """Start a plan and return the seconds until its start; raises ValueError for a kind that does not exist."""
        for phase in plan.phases:
            phase.rate[Twin.kind()] = TWIN_RATE
        arrivals = schedule(plan, {user.kind(): user.arrivals for user in self.users})
        self.stop()
        now = time.time()
        notice = math.ceil(now + SHORTEST_NOTICE) - now
        self._play = OpenUser.play = Play(plan, arrivals, time.monotonic() + notice, self.record, self._secret)
        kinds = [(user.kind(), user.all_tallies()) for user in self.users]
        self.record.expect(kinds, [phase.name for phase in plan.phases])
        self._runner.start(len(self.users), spawn_rate=1000)
        return self._play.elapsed * -1

    def stop(self) -> None:
        """Drop what is left of a play."""
        self._runner.stop()
        self._play = None

    def state(self) -> dict[str, str]:
        """Return what the generator does: `idle`, `playing`, `settling` or `finished`, and the phase."""
        if self._play is None:
            return {"state": "idle", "phase": ""}
        if self._play.finished:
            return {"state": "finished", "phase": ""}
        phase = self._play.phase
        return {"state": "playing" if phase else "settling", "phase": phase}

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        state = self.state()["state"]
        self.record.playing = state in ("playing", "settling")
        registry = CollectorRegistry()
        registry.register(self.record)
        return generate_latest(registry)


def control_app(conductor: Conductor, secret: str) -> Flask:
    """Make the WSGI app of the control port."""
    app = _guarded_app(secret)

    @app.post("/play")
    def play() -> tuple[Response, int] | Response:
        if conductor.state()["state"] in ("playing", "settling"):
            abort(409, "a plan is being played")
        try:
            plan = Plan.model_validate_json(request.get_data())
            return jsonify(starts_in=conductor.play(plan))
        except ValidationError as error:
            abort(422, "; ".join(f"`{'.'.join(map(str, e['loc']))}` {e['msg']}" for e in error.errors()))
        except ValueError as error:
            abort(422, str(error))

    @app.post("/stop")
    def stop() -> Response:
        conductor.stop()
        return jsonify(conductor.state())

    @app.get("/state")
    def state() -> Response:
        return jsonify(conductor.state())

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(conductor.exposition(), mimetype=CONTENT_TYPE_PLAIN_0_0_4)

    return app


def _guarded_app(secret: str) -> Flask:
    """Make an app that answers 401 and nothing else to who lacks the secret, and explains other errors as JSON."""
    app = Flask("load")
    expected = f"Bearer {secret}".encode()

    @app.before_request
    def demand_secret() -> None:
        given = request.headers.get("Authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, expected):
            abort(Response(status=401))

    @app.errorhandler(HTTPException)
    def explain(error: HTTPException) -> tuple[Response, int] | Response:
        if isinstance(error.response, Response):
            return error.response
        return jsonify(detail=error.description), error.code or 500

    return app


def health_app() -> Flask:
    """Make the app that the container's health check asks, on its loopback interface."""
    app = Flask("health")

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    return app
