"""Health checks and metrics, for operators."""

from __future__ import annotations

from flask import Blueprint, Response

from kg_server import metrics
from kg_server.formats import Kind, named
from kg_server.sparql.query import Query
from kg_server.web import caching
from kg_server.web.context import Context


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/health/live``, ``/health/ready`` and ``/metrics``."""
    routes = Blueprint("ops", __name__)

    @routes.get("/health/live")
    def live() -> Response:
        return _fresh(context.json({"status": "live"}))

    @routes.get("/metrics")
    def numbers() -> Response:
        board = context.board
        slots = list(board.slots()) if board else []
        busy = sum(slot.query_id != 0 for slot in slots)
        more = [metrics.Evaluators(board.deaths(), len(slots), busy)] if board else []
        return _fresh(Response(metrics.text(*more), content_type=metrics.CONTENT_TYPE))

    @routes.get("/health/ready")
    def ready() -> Response:
        """Say ready when a query is answered; otherwise the store's problem is the answer."""
        query = Query("ASK {}", named("json", Kind.BOOLEAN), timeout_s=2.0)
        context.store.query(query).read()
        return _fresh(context.json({"status": "ready", "graph": context.store.version}))

    return routes


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = caching.NEVER
    return response
