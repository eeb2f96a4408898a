"""What is counted of requests: the same rows as a check of them, pairs that belong together, and reasons for the rest."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from asgi import JSON, App, Message, call, echo, model, post, reference, requests, rows_like
from driftwatch import Monitor, Profile
from driftwatch.middleware import DriftMiddleware
from driftwatch.middleware.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Mapping

WATCHED = model()


@pytest.fixture(autouse=True)
def _no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "start", lambda _: None)


def tapped(app: App = echo, **options: Any) -> DriftMiddleware:
    defaults: dict[str, Any] = {"monitor": WATCHED, "features": "$.features", "predictions": "$.prediction"}
    return DriftMiddleware(app, **{**defaults, **options})


def answering(answer: Any, *, headers: Any = JSON) -> App:
    """An app that reads its request and gives this answer."""

    async def app(_: Message, receive: App, send: App) -> None:
        while (await receive()).get("more_body"):
            pass
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    return app


def read(middleware: DriftMiddleware) -> dict[str, Any]:
    while middleware._worker.recorder.drain():
        pass
    return middleware.status()


def counted(middleware: DriftMiddleware) -> list[dict[str, Any]]:
    """The rows that wait to be stored, in their order; a column that a row has not is not in it."""
    read(middleware)
    rows: dict[int, dict[str, Any]] = {}
    for batch in middleware._worker.recorder._collector.take():
        columns = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in batch.columns.items()}
        for i, place in enumerate(batch.order):
            rows[place] = {name: values[i] for name, values in columns.items()}
    return [rows[place] for place in sorted(rows)]


def test_a_row_and_its_prediction_are_counted_together() -> None:
    middleware, rows = tapped(), rows_like(100)

    async def many() -> None:
        await asyncio.gather(*(post(middleware, {"features": row}) for row in rows))

    asyncio.run(many())
    assert counted(middleware) == [{**row, "score": row["f0"]} for row in rows]


@pytest.mark.parametrize(
    ("features", "body"),
    [
        ("$.instances", lambda rows: {"instances": rows}),
        ("$.instances", lambda rows: {"instances": [list(row.values()) for row in rows]}),
        ("$.instances[*].x", lambda rows: {"instances": [{"x": row} for row in rows]}),
        ("$", lambda rows: rows),
        ("$.table", lambda rows: {"table": {name: [row[name] for row in rows] for name in rows[0]}}),
        (
            "$.inputs",
            lambda rows: {
                "inputs": [
                    {"name": name, "shape": [len(rows), 1], "datatype": "FP64", "data": [row[name] for row in rows]}
                    for name in rows[0]
                ]
            },
        ),
        (lambda document: document["a"] + document["b"], lambda rows: {"a": rows[:2], "b": rows[2:]}),
    ],
)
@pytest.mark.parametrize(
    ("predictions", "answer"),
    [
        ("$.predictions", lambda values: {"predictions": values}),
        ("$.predictions", lambda values: {"predictions": [[value] for value in values]}),
        ("$[*].score", lambda values: [{"score": value} for value in values]),
        ("$.rows", lambda values: {"rows": [{"score": value, "label": "x"} for value in values]}),
        (
            "$.outputs",
            lambda values: {"outputs": [{"name": "o", "shape": [len(values)], "datatype": "FP64", "data": values}]},
        ),
    ],
)
def test_batches_of_every_form_are_paired(features: Any, body: Any, predictions: str, answer: Any) -> None:
    rows, values = rows_like(5), [0.1, 0.2, 0.3, 0.4, 0.5]
    middleware = tapped(answering(answer(values)), features=features, predictions=predictions)
    asyncio.run(call(middleware, requests([json.dumps(body(rows)).encode()])))
    assert counted(middleware) == [{**row, "score": value} for row, value in zip(rows, values, strict=True)]
    assert read(middleware)["predictions"] == 5


def test_a_pydantic_model_says_where_the_features_stand() -> None:
    pydantic = pytest.importorskip("pydantic", reason="any class with `model_validate_json` will do")
    fields = {"f0": (float, ...), "f1": (float, 0.0), "f2": (float, 0.0), "city": (str, "Rome")}
    middleware = tapped(features=pydantic.create_model("Input", **fields), app=answering({"prediction": 0.5}))
    asyncio.run(call(middleware, requests([b'{"f0": "1.5"}'])))
    asyncio.run(call(middleware, requests([b'{"f1": 1.5}'])))
    assert counted(middleware) == [{"f0": 1.5, "f1": 0.0, "f2": 0.0, "city": "Rome", "score": 0.5}]
    assert read(middleware)["dropped"] == {"malformed": 1}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"prediction": [1, 2, 3]}, "mismatch"),
        ({"other": 1}, "not_found"),
        (b"{", "malformed"),
        ({"prediction": {"x": 1}}, "not_found"),
        ({"prediction": "high"}, "type"),
        ({"prediction": 1, "more": "x" * 2_000}, "too_large"),
        (gzip.compress(b"{}", mtime=0), "malformed"),
    ],
)
def test_where_predictions_do_not_fit_the_features_are_kept_without_them(answer: Any, reason: str) -> None:
    middleware, (row,) = tapped(answering(answer), max_body=1_000), rows_like(1)
    asyncio.run(call(middleware, requests([json.dumps({"features": row}).encode()])))
    assert counted(middleware) == [row]  # and the prediction is absent, not missing
    status = read(middleware)
    assert (status["unpaired"], status["dropped"], status["predictions"]) == ({reason: 1}, {}, 0)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ([(b"content-type", b"text/html")], "content_type"),
        ([*JSON, (b"content-encoding", b"br")], "encoding"),
    ],
)
def test_responses_that_cannot_be_read_cost_the_pair(headers: Any, reason: str) -> None:
    middleware, (row,) = tapped(answering({"prediction": 1}, headers=headers)), rows_like(1)
    asyncio.run(call(middleware, requests([json.dumps({"features": row}).encode()])))
    assert read(middleware)["unpaired"] == {reason: 1}
    assert counted(middleware) == [row]


@pytest.mark.parametrize("answer", [{"prediction": 0.5}, {"prediction": "high"}, {"prediction": [1, 2]}, {}])
def test_a_request_is_dropped_or_unpaired_and_never_both(answer: Any) -> None:
    middleware = tapped(answering(answer))
    asyncio.run(post(middleware, {"features": {**rows_like(1)[0], "f0": "many"}}))
    status = read(middleware)
    assert (status["dropped"], status["unpaired"], status["rows"]) == ({"type": 1}, {}, 0)


def test_a_reference_without_predictions_is_no_error() -> None:
    plain = Monitor({name: values for name, values in reference().items() if name != "score"})
    middleware, rows = tapped(monitor=plain), rows_like(3)

    async def many() -> None:
        for row in rows:
            await post(middleware, {"features": row})

    asyncio.run(many())
    assert counted(middleware) == rows
    status = read(middleware)
    assert (status["unpaired"], status["dropped"], status["rows"]) == ({"no_reference": 3}, {}, 3)


def test_predictions_alone_can_be_watched() -> None:
    middleware = tapped(answering({"prediction": [0.5, 0.7]}), features=None)
    asyncio.run(call(middleware, requests([b"\xff" * 100])))
    assert counted(middleware) == [{"score": 0.5}, {"score": 0.7}]
    bad = tapped(answering({"prediction": "high"}), features=None)
    asyncio.run(call(bad, []))
    assert read(bad)["dropped"] == {"type": 1}


def test_a_monitor_of_rows_in_another_order_takes_lists_by_columns() -> None:
    middleware = tapped(answering({}), predictions=None, columns=["city", "f2", "f1", "f0"])
    asyncio.run(call(middleware, requests([b'{"features": ["Rome", 2, 1, 0]}'])))
    assert counted(middleware) == [{"f0": 0.0, "f1": 1.0, "f2": 2.0, "city": "Rome"}]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"[" * 50_000, "malformed"),
        (b'{"features": 3}', "shape"),
        (b'{"features": {"x": 1}}', "not_found"),
        (b'{"other": 1}', "not_found"),
        (b'{"features": [1, 2]}', "shape"),
        (b'{"features": {"f0": "one"}}', "type"),
        (b'{"features": {"f0": {"a": 1}}}', "type"),
        (b'{"features": {"f0": ' + b"9" * 400 + b"}}", "type"),
        (b'{"features": {"city": 7}}', "type"),
    ],
)
def test_requests_that_cannot_be_counted_are_dropped_by_reason_and_cost_no_other(body: bytes, reason: str) -> None:
    middleware, rows = tapped(answering({"prediction": 0.5})), rows_like(9)
    bodies = [json.dumps({"features": row}).encode() for row in rows]
    bodies.insert(4, body)

    async def many() -> None:
        for one in bodies:
            await call(middleware, requests([one]))

    asyncio.run(many())
    assert counted(middleware) == [{**row, "score": 0.5} for row in rows]
    assert read(middleware)["dropped"] == {reason: 1}


def test_numbers_that_json_has_not_are_values_or_missing() -> None:
    middleware = tapped(answering({"prediction": 0.5}), predictions=None)
    bodies = [
        b'{"features": {"f0": NaN, "f1": 1e400, "f2": -Infinity, "city": null}}',
        b'{"features": {"f0": 1, "f0": 2}}',
    ]

    async def many() -> None:
        for body in bodies:
            await call(middleware, requests([body]))

    asyncio.run(many())
    first, second = counted(middleware)
    assert np.isnan(first["f0"])
    assert (first["f1"], first["f2"], first["city"]) == (np.inf, -np.inf, None)
    assert second["f0"] == 2.0  # as the app reads it


@pytest.mark.parametrize("failure", [KeyError("x"), ValueError("x"), SystemExit(1), MemoryError(), RecursionError()])
def test_a_callable_that_raises_costs_its_request_only(failure: BaseException) -> None:
    def find(document: Mapping[str, Any]) -> Any:
        if document["features"]["f0"] == 7:
            raise failure
        return document["features"]

    middleware, (row,) = tapped(features=find), rows_like(1)

    async def many() -> None:
        for one in ({**row, "f0": 7}, row):
            await post(middleware, {"features": one})

    asyncio.run(many())
    assert counted(middleware) == [{**row, "score": row["f0"]}]
    assert sum(read(middleware)["dropped"].values()) == 1


def test_compressed_requests_are_read() -> None:
    middleware, (row,) = tapped(answering({"prediction": 1})), rows_like(1)
    body = gzip.compress(json.dumps({"features": row}).encode())
    asyncio.run(call(middleware, requests([body[:10], body[10:]]), headers=[*JSON, (b"content-encoding", b"gzip")]))
    assert counted(middleware) == [{**row, "score": 1.0}]


def test_rows_that_wait_for_a_store_are_bounded_and_counted() -> None:
    middleware = tapped(max_pending=5)

    async def many() -> None:
        for row in rows_like(8):
            await post(middleware, {"features": row})
            middleware._worker.recorder.drain()

    asyncio.run(many())
    status = read(middleware)
    assert (status["rows"], status["unsaved_rows"], status["dropped"]) == (5, 5, {"store_away": 3})


def test_the_profile_may_be_the_path_of_a_saved_one(tmp_path: Any) -> None:
    Profile.fit(reference()).save(tmp_path / "reference.npz")
    middleware = tapped(monitor=tmp_path / "reference.npz", roles={"score": "prediction"})
    asyncio.run(post(middleware, {"features": rows_like(1)[0]}))
    assert read(middleware)["predictions"] == 1
