"""`driftwatch metrics`: text once, a file that is replaced, or a page that is asked over HTTP."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cli_runs import clean_environment
from driftwatch.metrics import CONTENT_TYPE, render_metrics
from driftwatch.store import SQLiteStore
from metrics_samples import add_check
from report_samples import drifted, feature, report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli_runs import Run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with SQLiteStore(tmp_path / "driftwatch.db") as store:
        add_check(store, "shop", report([drifted("price"), *(feature(f"f{i}") for i in range(300))]))
    return tmp_path / "driftwatch.db"


def page_of(path: Path, **options: int | None) -> str:
    with SQLiteStore(path) as store:
        return render_metrics(store, **options).decode()


@pytest.mark.usefixtures("path")
def test_the_text_goes_to_standard_output(run: Run, path: Path) -> None:
    outcome = run("metrics")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == page_of(path)
    assert 'driftwatch_dataset_drifted{model="shop"} 1' in outcome.out


def test_the_number_of_features_is_an_option(run: Run, path: Path) -> None:
    assert run("metrics", "--store", path, "--top", 3).out == page_of(path, top=3)
    assert run("metrics", "--store", path, "--top", "all").out == page_of(path, top=None)


def test_a_file_is_replaced_in_one_step(run: Run, path: Path, tmp_path: Path) -> None:
    target = tmp_path / "drift.prom"
    target.write_text("old")
    before = target.stat().st_ino
    outcome = run("metrics", "--store", path, "-o", target)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    assert target.read_text("utf-8") == page_of(path)
    assert target.stat().st_ino != before
    assert sorted(item.name for item in tmp_path.iterdir() if "tmp" in item.name) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--store", "typo.db"], "there is no store 'typo.db'."),
        (["--top", "many"], "`--top` must be a number of features or `all`, got 'many'."),
        (["--top", "-1"], "`--top` must be a number of features or `all`, got '-1'."),
        (["--serve", "9000", "-o", "x"], "give either `--serve` or `--output`"),
        (["--serve", "host"], "`--serve` must be HOST:PORT or PORT, got 'host'."),
        (["--serve", "127.0.0.1:99999"], "`--serve` must be HOST:PORT or PORT"),
        (["-o", "driftwatch.db"], "is one of the inputs"),
    ],
)
@pytest.mark.usefixtures("path")
def test_mistakes_are_told(run: Run, arguments: list[str], message: str) -> None:
    outcome = run("metrics", *arguments)
    assert outcome.code == 2
    assert message in outcome.error


def test_a_mistyped_store_is_not_made(run: Run, tmp_path: Path) -> None:
    run("metrics", "--store", "typo.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("path")
def test_a_port_that_is_taken_is_told(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        outcome = run("metrics", "--serve", taken.getsockname()[1])
    assert outcome.code == 2
    assert "cannot listen on 127.0.0.1:" in outcome.error


@contextmanager
def serving(path: Path, number: int = signal.SIGTERM, code: int = 0) -> Iterator[int]:
    """Run the page in a process of its own and give its port; it must end by the signal with the code."""
    process = subprocess.Popen(
        [sys.executable, "-m", "driftwatch", "metrics", "--store", path, "--serve", "0"],
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        found = re.fullmatch(r"serving http://127\.0\.0\.1:(\d+)/metrics; end with Ctrl-C or SIGTERM\n", said)
        assert found, said
        yield int(found[1])
        os.kill(process.pid, number)
        assert process.wait(30) == code
    finally:
        process.kill()
        process.communicate()


def ask(port: int, page: str, method: str = "GET") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, page)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"] or "", answer.read().decode()
    finally:
        connection.close()


def test_the_page_follows_the_store_until_sigterm(path: Path) -> None:
    with serving(path) as port:
        assert ask(port, "/metrics") == (200, CONTENT_TYPE, page_of(path))
        with SQLiteStore(path) as store:
            add_check(store, "shop", report([feature("price")]))
        assert 'driftwatch_dataset_drifted{model="shop"} 0' in ask(port, "/metrics?x=1")[2]
        assert ask(port, "/")[0] == 404
        assert ask(port, "/metrics", "POST")[0] == 501
        for file in path.parent.glob(f"{path.name}*"):
            file.write_bytes(b"no store any more" * 1_000)
        status, _, body = ask(port, "/metrics")
        assert (status, body) == (503, "the store cannot be read\n")


def test_a_client_that_says_nothing_holds_nobody_up(path: Path) -> None:
    with serving(path, signal.SIGINT, 130) as port, socket.create_connection(("127.0.0.1", port)):
        assert ask(port, "/metrics")[0] == 200
