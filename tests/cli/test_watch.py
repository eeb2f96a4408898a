"""`driftwatch watch`: lines, signals and mistakes. The broker is one in memory; real ones are in tests/brokers."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch import Profile
from driftwatch.errors import StoreLockedError
from driftwatch.store import Run as Check
from driftwatch.store import SQLiteStore, WindowKey
from driftwatch.streaming import MemoryBroker, MemorySource, addresses

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import Run

START = 1_699_999_200_000_000
ADDRESS = "redis://host?stream=s"


class Signalling(MemorySource):
    """Sends this process a signal when everything is read."""

    number = signal.SIGTERM

    def poll(self, max_messages: int, timeout: float) -> Any:
        found = super().poll(max_messages, min(timeout, 0.001))
        if not found:
            os.kill(os.getpid(), self.number)
        return found


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> MemoryBroker:
    broker = MemoryBroker()
    rng = np.random.default_rng(1)
    for i in range(90):
        broker.send(
            {"age": float(rng.normal(40 if i < 50 else 80, 9)), "at": 1_700_000_000 + i}, time=START + i * 10**6
        )
    monkeypatch.setattr(addresses, "open_source", lambda _: Signalling(broker))
    return broker


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    Profile.fit({"age": np.random.default_rng(0).normal(40, 9, 1_000)}).save(tmp_path / "ref.dwp")
    return tmp_path / "ref.dwp"


def arguments(profile: Path, *more: object) -> list[object]:
    return ["watch", "--source", ADDRESS, "--profile", profile, "--store", profile.parent / "a.db", *more]


def test_each_closed_window_is_a_line_and_sigterm_ends_with_0(run: Run, broker: MemoryBroker, profile: Path) -> None:
    outcome = run(*arguments(profile, "--rows", 40))
    assert outcome.code == 0
    first, second = outcome.out.splitlines()
    assert first == "0  40 rows  no_drift  No drift detected in 1 tested feature."
    assert second.startswith("40  40 rows  drift  drift in 1 of 1 features: age")
    assert outcome.err.splitlines() == [
        "watching memory; end with Ctrl-C or SIGTERM",
        "stored: 90 messages, 90 rows, 2 windows",
    ]
    assert broker.committed == {"0": 89}
    with SQLiteStore(profile.parent / "a.db") as store:
        assert [run.verdict for run in store.runs()] == ["drift", "no_drift"]


def test_the_next_start_goes_on_where_the_last_one_ended(run: Run, broker: MemoryBroker, profile: Path) -> None:
    run(*arguments(profile, "--rows", 40))
    for _ in range(30):
        broker.send({"age": 40.0})
    outcome = run(*arguments(profile, "--rows", 40))
    assert [line.split()[0] for line in outcome.out.splitlines()] == ["80"]


@pytest.mark.usefixtures("broker")
def test_windows_of_time_are_json_with_their_times(run: Run, profile: Path) -> None:
    outcome = run(*arguments(profile, "--every", "30s", "--format", "ndjson", "--stream", "ages"))
    windows = [json.loads(line) for line in outcome.out.splitlines()]
    assert [window["rows"] for window in windows] == [30, 30]
    assert windows[0] | {"summary": ""} == {
        "stream": "ages",
        "scope": "",
        "start": "2023-11-14T22:00:00+00:00",
        "stop": "2023-11-14T22:00:30+00:00",
        "rows": 30,
        "verdict": "no_drift",
        "summary": "",
    }


@pytest.mark.usefixtures("broker")
def test_options_reach_the_windows_and_the_check(run: Run, profile: Path) -> None:
    sliding = run(
        *arguments(
            profile, "--every", "10s", "--window", "20s", "--lateness", "5s", "--timestamp", "at", "--stream", "1"
        )
    )
    assert len(sliding.out.splitlines()) == 8  # those that end 5 s before the last row
    strict = run(*arguments(profile, "--rows", 40, "--min-effect", "1", "--stream", "2"))
    assert "features: age" not in strict.out
    few = run(*arguments(profile, "--rows", 40, "--min-samples", "41", "--stream", "3"))
    assert few.out.count("no_verdict") == 2
    milliseconds = run(
        *arguments(profile, "--every", "10s", "--timestamp", "at", "--timestamp-unit", "us", "--stream", "4")
    )
    assert milliseconds.out == ""


@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize("bound", [("--keep", 1), ("--retain", "1h")])
def test_old_checks_of_the_stream_go(run: Run, profile: Path, bound: tuple[object, ...]) -> None:
    with SQLiteStore(profile.parent / "a.db") as store, store.transaction() as transaction:
        for created in range(3):
            for stream in ("memory", "another"):
                transaction.add_run(Check(stream, WindowKey(0, 1), created, 1, "no_drift"), "{}")
    run(*arguments(profile, "--rows", 90, *bound))
    with SQLiteStore(profile.parent / "a.db") as store:
        kept = store.runs("memory")
        assert kept[0].verdict == "drift"
        assert len(kept) == (2 if bound[0] == "--keep" else 1)  # one is new since the store was tidied
        assert len(store.runs("another")) == 3


@pytest.mark.usefixtures("broker")
def test_checks_that_cannot_be_dropped_are_told_and_cost_nothing(
    run: Run, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object, **__: object) -> int:
        raise StoreLockedError("not now")

    monkeypatch.setattr(SQLiteStore, "prune", locked)
    outcome = run(*arguments(profile, "--rows", 90, "--keep", 5))
    assert (outcome.code, len(outcome.out.splitlines())) == (0, 1)
    assert "old checks stay for now: not now" in outcome.err


@pytest.mark.parametrize(
    ("option", "value"), [("--keep", "0"), ("--keep", "x"), ("--retain", "1mo"), ("--retain", "x")]
)
def test_bounds_are_checked_before_anything_is_read(run: Run, profile: Path, option: str, value: str) -> None:
    assert option in run(*arguments(profile, "--rows", 40, option, value)).error
    assert not (profile.parent / "a.db").exists()


@pytest.mark.usefixtures("broker")
def test_quiet_prints_nothing(run: Run, profile: Path) -> None:
    outcome = run(*arguments(profile, "--rows", 40, "--quiet"))
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_a_decoder_is_named_by_its_module(run: Run, broker: MemoryBroker, profile: Path) -> None:
    outcome = run(*arguments(profile, "--rows", 90, "--decode", "json:loads"))
    assert "90 rows" in outcome.out
    assert broker.dead == []


@pytest.mark.usefixtures("broker")
def test_ctrl_c_stores_what_is_counted_and_ends_with_130(
    run: Run, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Signalling, "number", signal.SIGINT)
    before = signal.getsignal(signal.SIGINT)
    outcome = run(*arguments(profile, "--rows", 40))
    assert outcome.code == 130
    assert "90 rows" in outcome.err
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], "give either `--every TIME` or `--rows COUNT`"),
        (["--every", "5m", "--rows", "10"], "give either `--every TIME` or `--rows COUNT`"),
        (["--rows", "ten"], "`--rows` must be a whole number"),
        (["--rows", "0"], "`window` must be a positive number of rows"),
        (["--rows", "5", "--lateness", "1m"], "`--window` and `--lateness` are for windows of time"),
        (["--every", "soon"], "`every` must be a period"),
        (["--every", "5m", "--format", "xml"], "`--format` must be one of line, ndjson"),
        (["--every", "5m", "--decode", "nothing"], "`--decode` must be MODULE:FUNCTION"),
        (["--every", "5m", "--decode", "json:no"], "`--decode` must be MODULE:FUNCTION"),
        (["--every", "5m", "--decode", "json:__name__"], "`--decode` 'json:__name__' is not a function"),
        (["--every", "5m", "--timestamp-unit", "h"], "`timestamp_unit` must be one of"),
        (["--every", "5m", "--alpha", "2"], "`--alpha` must be a number"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.usefixtures("broker")
def test_mistakes_are_one_line_and_exit_code_2(run: Run, profile: Path, more: list[str], message: str) -> None:
    outcome = run(*arguments(profile, *more))
    assert outcome.code == 2
    assert outcome.error.startswith(message)


def test_an_address_that_is_none_is_a_mistake(run: Run, profile: Path) -> None:
    outcome = run(
        "watch", "--source", "http://x", "--profile", profile, "--rows", 5, "--store", profile.parent / "a.db"
    )
    assert outcome.code == 2
    assert outcome.error.startswith("a source begins with redis://")


def test_a_missing_profile_is_a_mistake(run: Run, tmp_path: Path) -> None:
    outcome = run("watch", "--source", ADDRESS, "--profile", tmp_path / "no.dwp", "--rows", 5)
    assert outcome.code == 2
    assert "no.dwp" in outcome.error


def test_alerts_are_told_while_the_stream_is_watched(
    run: Run, profile: Path, broker: MemoryBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    del broker
    (tmp_path / "driftwatch.toml").write_text('[alerts.receivers.screen]\nkind = "log"\n')
    with caplog.at_level("INFO"):
        done = run(*arguments(profile, "--every", "30s", "--timestamp", "at", "--alerts", "--quiet"))
    assert (done.code, done.out, done.err) == (0, "", "")
    assert "FeatureDrift" in caplog.text
    with SQLiteStore(profile.parent / "a.db") as store:
        assert [letter.state for letter in store.letters()] == ["delivered"]


def test_alerts_need_a_receiver(run: Run, profile: Path) -> None:
    done = run(*arguments(profile, "--every", "1m", "--alerts"))
    assert (done.code, "alerts.receivers" in done.error) == (2, True)
