"""The JSON API (layer 5): which views there are, what each may be asked, and how an answer leaves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from driftwatch.dashboard.asking import Asked
from driftwatch.dashboard.guards import path_below
from driftwatch.dashboard.views import SCHEMA_VERSION, Views

if TYPE_CHECKING:
    from starlette.requests import Request

    from driftwatch.dashboard.answers import Answer, Answers

__all__ = ["ENDPOINTS", "Endpoint", "api_routes", "error_response", "is_api", "json_bytes", "respond"]

View: TypeAlias = Callable[[Views, Asked], Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One view of the API.

    Attributes
    ----------
    view : callable
        Reads the parameters and returns plain data.
    parameters : frozenset of str
    live : bool
        Whether it changes without a check being stored.
    """

    view: View
    parameters: frozenset[str] = frozenset()
    live: bool = False


def _streams(views: Views, asked: Asked) -> Any:
    return views.streams(limit=asked.number("limit", 100, most=500), after=asked.text("after"))


def _stream(views: Views, asked: Asked) -> Any:
    return views.stream(asked.needed("stream"))


def _runs(views: Views, asked: Asked) -> Any:
    return views.runs(
        asked.needed("stream") if asked.has("stream") else None,
        limit=asked.number("limit", 100, most=1_000),
        below=asked.id("below"),
        since=asked.moment("since"),
        until=asked.moment("until"),
    )


def _run(views: Views, asked: Asked) -> Any:
    return views.run(asked.needed_id("id"))


def _report(views: Views, asked: Asked) -> Any:
    _, text = views.report(asked.needed_id("id"))
    return text


def _heatmap(views: Views, asked: Asked) -> Any:
    return views.heatmap(
        asked.needed("stream"),
        windows=asked.number("windows", 60, most=300),
        features=asked.number("features", 30, most=200),
        matching=asked.text("matching"),
        since=asked.moment("since"),
        until=asked.moment("until"),
    )


def _compare(views: Views, asked: Asked) -> Any:
    return views.compare(
        asked.needed_id("left"),
        asked.needed_id("right"),
        offset=asked.offset("offset"),
        limit=asked.number("limit", 100, most=1_000),
    )


def _compare_feature(views: Views, asked: Asked) -> Any:
    return views.compare_feature(asked.needed_id("left"), asked.needed_id("right"), asked.needed("feature"))


def _alerts(views: Views, _: Asked) -> Any:
    return views.alerts()


def _letters(views: Views, asked: Asked) -> Any:
    return views.letters(
        asked.one_of("state", ("waiting", "delivered", "dead")), limit=asked.number("limit", 100, most=1_000)
    )


def _baselines(views: Views, asked: Asked) -> Any:
    return views.baselines(
        asked.needed("stream") if asked.has("stream") else None, limit=asked.number("limit", 200, most=1_000)
    )


_PAGE, _TIMES = {"limit"}, {"since", "until"}
ENDPOINTS = {
    "streams": Endpoint(_streams, frozenset({*_PAGE, "after"})),
    "stream": Endpoint(_stream, frozenset({"stream"}), live=True),
    "runs": Endpoint(_runs, frozenset({*_PAGE, *_TIMES, "stream", "below"})),
    "run": Endpoint(_run, frozenset({"id"})),
    "report": Endpoint(_report, frozenset({"id"})),
    "heatmap": Endpoint(_heatmap, frozenset({*_TIMES, "stream", "windows", "features", "matching"})),
    "compare": Endpoint(_compare, frozenset({*_PAGE, "left", "right", "offset"})),
    "compare/feature": Endpoint(_compare_feature, frozenset({"left", "right", "feature"})),
    "alerts": Endpoint(_alerts, live=True),
    "letters": Endpoint(_letters, frozenset({*_PAGE, "state"}), live=True),
    "baselines": Endpoint(_baselines, frozenset({*_PAGE, "stream"}), live=True),
}


def api_routes(views: Views, answers: Answers, *, now: Callable[[], float] = time.time) -> list[BaseRoute]:
    """Return the routes below `/api/`, without the events.

    Parameters
    ----------
    views : Views
    answers : Answers
    now : callable
        Seconds after 1970.
    """

    def route(name: str, endpoint: Endpoint) -> BaseRoute:
        async def answer(request: Request) -> Response:
            asked = Asked(request.query_params.multi_items(), endpoint.parameters, now=now)
            key = ("api", name, asked.key)

            def made() -> bytes:
                return json_bytes(endpoint.view(views, asked))

            known = request.headers.get("if-none-match")
            # a time that is a while ago is another one each second: its answer may not be kept with the checks
            if endpoint.live or asked.is_relative:
                return respond(await answers.of_now(key, made), known, "application/json")
            return respond(await answers.about_checks(key, made, known=known), known, "application/json")

        return Route(f"/api/{name}", answer, methods=["GET"], name=f"api-{name}")

    return [route(name, endpoint) for name, endpoint in ENDPOINTS.items()]


def respond(answer: Answer, known: str | None, media_type: str, **headers: str) -> Response:
    """Return an answer, or that the client has it already.

    Parameters
    ----------
    answer : Answer
    known : str, optional
        The header `If-None-Match`.
    media_type : str
    **headers : str
    """
    named = {"ETag": answer.etag, **{name.replace("_", "-"): value for name, value in headers.items()}}
    if known is not None and answer.etag in known:
        return Response(status_code=304, headers=named)
    return Response(answer.body, media_type=media_type, headers=named)


def json_bytes(data: Any) -> bytes:
    """Return plain data as strict JSON, ASCII only; a text is JSON already."""
    if isinstance(data, str):
        return data.encode()
    return json.dumps(data, allow_nan=False, separators=(",", ":")).encode()


def error_response(status: int, code: str, text: str, **headers: str) -> Response:
    """Return a refusal as JSON."""
    body = json_bytes({"schema_version": SCHEMA_VERSION, "error": {"code": code, "message": text}})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(body, status_code=status, media_type="application/json", headers=named)


def is_api(scope: Any) -> bool:
    """Return whether a request is one of a program."""
    return path_below(scope).startswith("/api/")
