"""Blocks of rows in the shared threads: all of them once, errors reach the caller, and a forked child starts afresh."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from driftwatch.errors import ConfigError
from driftwatch.ops import _threads
from driftwatch.ops._threads import n_threads, over_blocks


@pytest.fixture(autouse=True)
def three_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_threads.NUM_THREADS_VARIABLE, "3")
    monkeypatch.setattr(_threads, "_pool", _threads._Pool())  # the one of the process has the threads of its first use


@pytest.mark.parametrize("n", [0, 1, 2, 7, 100])
def test_blocks_cover_every_row_once(n: int) -> None:
    rows: list[int] = []
    over_blocks(lambda start, stop: rows.extend(range(start, stop)), n, 10**9)
    assert sorted(rows) == list(range(n))


def test_little_work_stays_in_the_calling_thread() -> None:
    seen = set()
    over_blocks(lambda *_: seen.add(threading.current_thread()), 100, 1000)
    assert seen == {threading.current_thread()}


def test_several_threads_work_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=60)
    met = set()

    def work(start: int, stop: int) -> None:  # noqa: ARG001
        if threading.current_thread() not in met:
            met.add(threading.current_thread())
            meeting.wait()

    over_blocks(work, 12, 10**9)
    assert len(met) == 3


@pytest.mark.parametrize("culprit", ["caller", "other"])
def test_error_of_any_thread_reaches_the_caller(culprit: str) -> None:
    caller, meeting = threading.current_thread(), threading.Barrier(3, timeout=60)
    met = set()

    def work(start: int, stop: int) -> None:  # noqa: ARG001
        own = threading.current_thread()
        if own not in met:
            met.add(own)
            meeting.wait()
        if (own is caller) == (culprit == "caller"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        over_blocks(work, 12, 10**9)


def test_number_of_threads_is_the_number_of_available_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(_threads.NUM_THREADS_VARIABLE)
    assert 1 <= n_threads() <= (os.cpu_count() or 1)


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_number_of_threads_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(_threads.NUM_THREADS_VARIABLE, value)
    with pytest.raises(ConfigError, match="positive integer"):
        n_threads()


FORK = """
import os, threading
from driftwatch.ops import _threads

def run():
    rows = []
    _threads.over_blocks(lambda start, stop: rows.extend(range(start, stop)), 50, 10**9)
    assert sorted(rows) == list(range(50))

run()
_threads._pool._lock.acquire()  # as another thread may hold it at that moment
child = os.fork()
if child == 0:
    run()
    os._exit(7)
_threads._pool._lock.release()
run()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
print("both ran")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_threads_work_after_a_fork_in_parent_and_child() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", FORK], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout == "both ran\n", done.stderr
