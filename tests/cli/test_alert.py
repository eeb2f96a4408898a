"""`driftwatch alert`: test messages, lists, silences and the outbox."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from alerting_samples import Inbox, closed_window, feature_of, report_of
from driftwatch.alerting import AlertManager, Delivery, DeliveryError
from driftwatch.alerts.silences import SILENCES
from driftwatch.store import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli_runs import Run


class Hook:
    """A receiver on loopback: takes what goes to /ok, refuses the rest."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/ok":
                    hook.got.append(json.loads(body)["data"])
                self.send_response(204 if self.path == "/ok" else 500)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it has there
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()
    hook.thread.join()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "driftwatch.db") as opened:
        yield opened


def tell(store: SQLiteStore, *names: str, stream: str = "churn") -> AlertManager:
    manager = AlertManager([Inbox()])
    with store.transaction() as transaction:
        manager(transaction, closed_window(report_of(*map(feature_of, names)), stream=stream))
    return manager


def configure(folder: Path, hook: Hook, *paths: str) -> None:
    receivers = "".join(
        f'[alerts.receivers.{path}]\nkind = "webhook"\nurl = "{hook.url}/{path}"\nunsigned = true\n' for path in paths
    )
    routes = "".join(f"[[alerts.route.routes]]\nreceiver = '{path}'\nmatchers = ['a=\"b\"']\n" for path in paths[1:])
    (folder / "driftwatch.toml").write_text(f'{receivers}[alerts.route]\nreceiver = "{paths[0]}"\n{routes}')


def test_a_test_message_goes_through_every_route(run: Run, tmp_path: Path, hook: Hook) -> None:
    configure(tmp_path, hook, "ok")
    done = run("alert", "test")
    assert (done.code, done.out, done.err) == (0, "ok      ok  {}\n", "")
    (message,) = hook.got
    assert (message["kind"], message["title"]) == ("test", "[TEST] test: Test")


def test_a_route_that_fails_is_named_and_the_rest_is_tried(run: Run, tmp_path: Path, hook: Hook) -> None:
    configure(tmp_path, hook, "bad", "ok")
    done = run("alert", "test", "--config", "driftwatch.toml")
    assert done.code == 2
    first, second = done.out.splitlines()
    assert first.startswith("failed  bad  {}  DeliveryError: ")
    assert second == 'ok      ok  {}/{a="b"}'
    assert len(hook.got) == 1


def test_without_receivers_there_is_nothing_to_test(run: Run) -> None:
    done = run("alert", "test")
    assert (done.code, done.error.partition(".")[0]) == (2, "nothing is set about alerts")


def test_alerts_and_silences_are_listed(run: Run, store: SQLiteStore) -> None:
    tell(store, "age")
    silence_id = run("alert", "silence", 'feature="age"', "--for", "2h", "--comment", "known", "--author", "ada").out
    done = run("alert", "list")
    assert (done.code, done.err) == (0, "")
    alerts, silences = done.out.split("\n\n")
    assert alerts.splitlines()[1].split()[:5] == ["silenced", "warning", "FeatureDrift", "churn", "age"]
    assert silences.splitlines()[1].split()[:2] == [silence_id.strip(), "active"]
    first, second = map(json.loads, run("alert", "list", "-f", "ndjson").out.splitlines())
    assert (first["labels"]["feature"], second["matchers"]) == ("age", 'feature="age"')


def test_a_silence_mutes_until_it_is_ended(run: Run, store: SQLiteStore) -> None:
    silence_id = run("alert", "silence", "model=churn", "--for", "1d", "--comment", "x").out.strip()
    tell(store, "age")
    assert store.letters() == []
    done = run("alert", "unsilence", silence_id)
    assert (done.code, done.out) == (0, "")
    assert silence_id in done.err
    assert run("alert", "list").out.split()[7] == "firing"
    tell(store, "age")
    assert len(store.letters()) == 1
    assert "unknown silence" in run("alert", "unsilence", silence_id).error


def test_a_silence_of_everything_or_without_an_end_is_refused(run: Run, store: SQLiteStore) -> None:
    assert store.streams() == []
    assert "not every alert" in run("alert", "silence", 'a=~".*"', "--for", "2h", "--comment", "x").error
    assert "a matcher must be" in run("alert", "silence", "everything", "--for", "2h", "--comment", "x").error
    assert "--for" in run("alert", "silence", "a=b", "--comment", "x").error
    assert store.notes(SILENCES) == {}


def test_a_stream_that_was_given_up_is_forgotten_with_its_alerts(run: Run, store: SQLiteStore) -> None:
    manager = tell(store, "age")
    tell(store, "age", stream="other")
    assert "unknown stream" in run("alert", "forget", "chrn").error
    assert run("alert", "forget", "churn").code == 0
    manager.tick(store)
    (row,) = map(json.loads, run("alert", "list", "-f", "ndjson").out.splitlines())
    assert row["model"] == "other"
    assert store.notes("alerts_forgotten") == {}


def test_an_empty_store_has_no_alerts_and_no_letters(run: Run, store: SQLiteStore) -> None:
    assert store.streams() == []
    assert (run("alert", "list").out, run("alert", "letters").out) == ("no alerts\n", "no letters\n")


def test_letters_that_were_given_up_are_listed_and_sent_again(run: Run, store: SQLiteStore) -> None:
    manager = tell(store, "age")
    inbox = manager.receivers["ops"].notifier
    assert isinstance(inbox, Inbox)
    inbox.failures = [DeliveryError("410 gone", permanent=True)]
    delivery = Delivery(manager, store)
    delivery.deliver("ops")
    (row,) = map(json.loads, run("alert", "letters", "--state", "dead", "-f", "ndjson").out.splitlines())
    assert (row["receiver"], row["tries"], row["message"]) == ("ops", 1, "[FIRING:1] churn: FeatureDrift")
    assert "gone" in run("alert", "letters").out
    done = run("alert", "requeue", row["id"])
    assert (done.code, done.err) == (0, "1 letters wait to be sent again\n")
    delivery.deliver("ops")
    assert [sent.id for sent in inbox.got] == [row["id"]]
    assert run("alert", "requeue", "all").err == "0 letters wait to be sent again\n"
    assert "unknown letter" in run("alert", "requeue", row["id"]).error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list", "-f", "json"], "did you mean 'ndjson'"),
        (["letters", "--state", "ded"], "did you mean 'dead'"),
        (["letters", "--last", "0"], "whole number"),
        (["letters", "--store", "none.db"], "there is no store"),
        (["silence", "a=b", "--for", "x", "--comment", "c"], "--for"),
    ],
)
def test_mistakes_are_one_line(run: Run, store: SQLiteStore, arguments: list[str], words: str) -> None:
    assert store.streams() == []
    done = run("alert", *arguments)
    assert done.code == 2
    assert words in done.error
