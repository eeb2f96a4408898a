"""Real servers: what their workers count together is what one process would have counted of all requests."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from asgi import reference, rows_like
from driftwatch import Monitor, Profile
from driftwatch.profile.window import Window
from driftwatch.store import SQLiteStore
from web_server import LOST, PATIENCE, WebServer, eventually

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

ROLES = {"score": "prediction"}
FLUSH = 0.5
N_WINDOWS = 4
N_BESIDE_A_KILL = 3_000
BUSY = 5.0  # seconds that a write may take on a busy machine


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """A reference with a joint feature of an input and the prediction: rows that are not paired count differently."""
    rows = reference()
    predicted = {**rows, "score": rows["f0"]}
    Profile.fit(predicted, joint={"pair": ["f0", "score"]}, salt=b"tests").save(tmp_path / "profile.npz")
    return Profile.load(tmp_path / "profile.npz")


def watched(folder: Path, **options: Any) -> dict[str, Any]:
    return {
        "monitor": str(folder / "profile.npz"),
        "roles": ROLES,
        "features": "$.features",
        "predictions": "$.prediction",
        "paths": ["/predict"],
        "store": str(folder / "driftwatch.db"),
        "flush_every": FLUSH,
        "lease_for": 2 * FLUSH,
        **options,
    }


def whole(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The rows as one table, with what the app predicts."""
    table: dict[str, Any] = {name: np.array([row[name] for row in rows]) for name in ("f0", "f1", "f2")}
    return {**table, "city": [row["city"] for row in rows], "score": table["f0"]}


def merged(store: SQLiteStore, stream: str, profile: Profile) -> tuple[Window, int]:
    """The one open window of a stream, and how many workers had a part in it."""
    with store.transaction() as transaction:
        (opened,) = transaction.open_windows(stream)
        parts = [Window.from_bytes(part, profile) for part in transaction.window_parts(stream, opened.key)]
    both = Window(profile)
    for part in parts:
        both += part
    return both, len(parts)


def _judged(store: SQLiteStore, n_windows: int) -> bool:
    """Whether so many windows have a report, and the other stream has their rows too."""
    both = store.counters("http").get("rows", 0) == store.counters("all").get("rows", 0)
    return both and len(store.runs("http")) == n_windows


def _writers(store: SQLiteStore) -> dict[int, dict[str, Any]]:
    """The last write of each worker process, by its id."""
    return {int(name.split("-")[-2]): json.loads(text) for name, text in store.notes("middleware:http").items()}


def _writes(store: SQLiteStore, n_rows: int, *, without: Collection[int]) -> bool:
    return store.counters("http").get("rows", 0) > n_rows and len(_writers(store).keys() - without) == 2


def content(report: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(report)
    found.pop("created_at")
    return found


@pytest.mark.parametrize(
    ("name", "workers", "n"),
    [
        ("uvicorn", 1, 10_000),
        ("uvicorn", 4, 10_000),
        ("uvicorn without lifespan", 1, 2_000),
        ("gunicorn preload", 2, 2_000),
        ("hypercorn", 1, 2_000),
        ("hypercorn", 2, 2_000),
    ],
)
def test_workers_count_together_what_one_process_would(
    tmp_path: Path, profile: Profile, name: str, workers: int, n: int
) -> None:
    size = n // N_WINDOWS
    # Where the end is not announced, or all other workers are killed as soon as one has ended, what was written is stored
    ends_well = name != "uvicorn without lifespan" and (name, workers) != ("hypercorn", 2)
    waves = [rows_like(size, seed, shift=0.0 if seed < 2 else 0.8) for seed in range(N_WINDOWS)]
    streams = [watched(tmp_path, window=size), watched(tmp_path, window=10 * n, stream="all")]
    answers: list[Any] = []
    with (
        SQLiteStore(tmp_path / "driftwatch.db") as store,
        WebServer(tmp_path, streams, name, workers) as server,
    ):
        for number, wave in enumerate(waves):
            answers += server.send(wave)
            if number < N_WINDOWS - 1 or not ends_well:
                eventually(partial(_judged, store, number + 1), "the window to be judged")
        server.stop()
        log, rows = server.log(), [row for wave in waves for row in wave]

        assert Counter(answer.status for answer in answers) == {200: n}
        assert [json.loads(answer.body)["prediction"] for answer in answers] == [row["f0"] for row in rows]
        assert "Traceback" not in log, log
        for stream in ("http", "all"):
            counters = store.counters(stream)
            assert (counters["requests"], counters["rows"], counters["predictions"]) == (n, n, n)
            assert not {key for key, count in counters.items() if count and key.startswith(("dropped", "unpaired"))}
            assert not (ends_well and store.notes(f"middleware:{stream}")), "a worker that has ended is still listed"

        window, n_parts = merged(store, "all", profile)
        expected = Window(profile).update(whole(rows))
        assert n_parts == 1 if workers == 1 else 1 < n_parts <= workers
        assert window.to_bytes() == expected.to_bytes()
        strangers = {**whole(rows), "score": np.roll(whole(rows)["score"], 1)}
        assert Window(profile).update(strangers).to_bytes() != expected.to_bytes(), "pairs do not show in the bytes"

        runs = sorted(store.runs("http"), key=lambda run: run.key.start)
        assert [(run.key.start, run.key.stop) for run in runs] == [(at, at + size) for at in range(0, n, size)]
        assert [run.verdict for run in runs] == ["no_drift", "no_drift", "drift", "drift"]
        monitor = Monitor.from_profile(profile, roles=ROLES)
        for run, wave in zip(runs, waves, strict=True):
            assert content(store.report(run.id)) == content(monitor.check(whole(wave)).to_json())


@pytest.mark.usefixtures("profile")
def test_a_killed_worker_loses_what_came_since_its_last_write_and_nothing_is_counted_twice(
    tmp_path: Path,
) -> None:
    size, n_sent, n_answered, may_be_lost = 250, 0, 0, 0
    with SQLiteStore(tmp_path / "driftwatch.db") as store:

        def stored() -> int:
            return store.counters("http").get("rows", 0)

        with (
            WebServer(tmp_path, [watched(tmp_path, window=size)], workers=2) as server,
            ThreadPoolExecutor(1) as thread,
        ):
            killed = set[int]()
            seen: list[tuple[float, int]] = []  # when an answer came, and from which process
            for seed in range(2):  # whoever judges is one of the two
                wanted = stored() + size
                sending = thread.submit(
                    server.send,
                    rows_like(N_BESIDE_A_KILL, seed),
                    connections=16,
                    per_connection=20,
                    pause=0.02,
                    note=lambda answer: seen.append((time.time(), int(answer.headers["x-pid"]))),
                )
                eventually(partial(_writes, store, wanted, without=killed), "both to write")
                victim = min(_writers(store).keys() - killed)
                os.kill(victim, signal.SIGKILL)
                now, last = time.time(), _writers(store)[victim]
                killed.add(victim)
                assert now - last["time"] / 1e6 < FLUSH + BUSY
                answers = sending.result(PATIENCE)
                n_sent += len(answers)
                n_answered += sum(answer.status == 200 for answer in answers)
                may_be_lost += sum(pid == victim and at > last["through"] / 1e6 for at, pid in seen)
                assert {answer.status for answer in answers} <= {200, 0}
            assert server.send(rows_like(100, 2)).count(LOST) == 0
            n_sent, n_answered = n_sent + 100, n_answered + 100
            eventually(lambda: len(_writers(store).keys() - killed) == 2, "somebody in the place of the killed")
            server.stop()
        assert n_answered - may_be_lost <= stored() <= n_sent
        assert 0 < may_be_lost < n_answered, "the bound says nothing"

        with WebServer(tmp_path, [watched(tmp_path, window=size)], workers=2) as server:
            before = stored()
            assert {answer.status for answer in server.send(rows_like(250, 9))} == {200}
            server.stop()
        assert stored() == before + 250

        runs = sorted(store.runs("http"), key=lambda run: run.key.start)
        assert [(run.key.start, run.key.stop, run.n_rows) for run in runs] == [
            (at, at + size, size) for at in range(0, stored() - size + 1, size)
        ]
