"""The load generator's control port: play, stop, state and metrics, behind the run's secret."""

from flask import Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from kit.secret import authorizes
from kit.telemetry import CONTENT_TYPE
from loadtests.export import Export
from loadtests.generator import BusyError, LoadGenerator
from loadtests.plan import LoadPlan


def control_app(generator: LoadGenerator, secret: str) -> Flask:
    """Make the WSGI app of the control port."""
    app = _authorized_app(secret)
    export = Export(generator)

    @app.post("/play")
    def play() -> Response:
        try:
            return jsonify(starts_in=generator.begin(LoadPlan.read(request.get_json(force=True))))
        except ValueError as error:
            abort(422, str(error))
        except BusyError as error:
            abort(409, str(error))

    @app.post("/stop")
    def stop() -> Response:
        generator.stop()
        return state()

    @app.get("/state")
    def state() -> Response:
        return jsonify(state=generator.state, phase=(generator.play and generator.play.phase) or "")

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(export.exposition(), content_type=CONTENT_TYPE)

    return app


def health_app() -> Flask:
    """Make the app for the container's health check, on its loopback interface."""
    app = Flask("health")

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    return app


def _authorized_app(secret: str) -> Flask:
    """Make an app that answers a bare 401 without the secret, and other errors as JSON."""
    app = Flask("load")

    @app.before_request
    def demand_secret() -> None:
        if not authorizes(request.headers.get("Authorization", "").encode("latin-1", errors="replace"), secret):
            abort(Response(status=401))

    @app.errorhandler(HTTPException)
    def explain(error: HTTPException) -> tuple[Response, int] | Response:
        if isinstance(error.response, Response):
            return error.response
        return jsonify(detail=error.description), error.code or 500

    return app
