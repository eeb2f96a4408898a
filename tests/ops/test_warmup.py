"""When compiled code is loaded, and that everything works where it cannot be: each case in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SETUP = """
import sys
import numpy as np
import driftwatch
from driftwatch import Monitor
assert driftwatch.__file__ == FILE, driftwatch.__file__

def tables(n, d, dtype="float64"):
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=(n, d)).astype(dtype), rng.normal(size=(n, d)).astype(dtype)
    current[:, 0] += 1.0
    current[::7, 1] = np.nan
    return reference, current

def answers(report):
    return {name: (f.drift_detected, round(f.tests["ks"].statistic, 12)) for name, f in report.features.items()}
"""
BLOCKED = "import sys\nsys.modules['numba'] = None\n"


def run(code: str, *, before: str = "", **environment: str) -> str:
    """Run code in a fresh process with the path of this one, and return what it printed."""
    import driftwatch

    path = os.pathsep.join(filter(None, map(os.path.abspath, sys.path)))
    setup = SETUP.replace("FILE", repr(driftwatch.__file__))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", before + setup + code],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_cold_process_does_not_compile_for_a_small_check() -> None:
    code = """
reference, current = tables(10_000, 20)
Monitor(reference).check(current)
print("numba" in sys.modules)
"""
    assert run(code) == "False\n"


def test_everything_works_without_numba() -> None:
    code = """
from driftwatch.ops import _dispatch
_dispatch.load_from_now_on(np.dtype("float64"))
reference, current = tables(30_000, 4)
print(Monitor(reference).check(current).drifted_features, driftwatch.warmup())
"""
    assert run(code, before=BLOCKED) == "['f0', 'f1'] False\n"


compiled_only = pytest.mark.skipif(
    __import__("importlib.util").util.find_spec("numba") is None, reason="needs the extra `fast`"
)


@compiled_only
def test_answers_are_the_same_before_and_after_warmup() -> None:
    code = """
from driftwatch.ops import _dispatch, generic
reference, current = tables(30_000, 4)
before = answers(Monitor(reference).check(current))
assert "numba" not in sys.modules
assert driftwatch.warmup()
assert _dispatch.implementation("merge_ks_w1", np, reference, current).__module__ == "driftwatch.ops.numba"
print(before == answers(Monitor(reference).check(current)))
"""
    assert run(code) == "True\n"


@compiled_only
def test_process_that_has_worked_long_enough_loads_compiled_code_by_itself() -> None:
    code = """
from driftwatch.ops import _dispatch, _catalog
_dispatch._worked_through[frozenset({np.dtype("float64")})] = _catalog.NUMBA_LOAD_AFTER - 1
reference, current = tables(30_000, 4)
Monitor(reference).check(current)
print("numba" in sys.modules)
"""
    assert run(code) == "True\n"


@compiled_only
def test_without_a_folder_that_can_be_written_nothing_is_kept_and_everything_works() -> None:
    # for root every folder can be written: Numba is left without any place to look for one
    code = """
from driftwatch.ops import _dispatch
import numba.core.caching
numba.core.caching.CacheImpl._locator_classes = []
_dispatch.load_from_now_on(np.dtype("float64"))
reference, current = tables(30_000, 4)
print(Monitor(reference).check(current).drifted_features)
from driftwatch.ops import _numba_sort
print(type(_numba_sort.sort_keys._cache).__name__)
"""
    assert run(code) == "['f0', 'f1']\nNullCache\n"


@compiled_only
def test_compiled_code_is_kept_on_disk_where_that_can_be(tmp_path: Path) -> None:
    code = """
from driftwatch.ops import numba as compiled
compiled.count_missing(np.zeros((2, 3)), xp=np)
"""
    run(code, NUMBA_CACHE_DIR=str(tmp_path))
    assert {path.name.split(".")[0] for path in tmp_path.rglob("*.nbi")} == {"_numba_counts"}


@compiled_only
def test_threads_that_share_a_monitor_get_the_same_report() -> None:
    code = """
import threading
driftwatch.warmup()
reference, current = tables(30_000, 8)
monitor = Monitor(reference)
reports, meeting = [], threading.Barrier(8, timeout=120)

def check():
    meeting.wait()
    reports.append(monitor.check(current))

threads = [threading.Thread(target=check) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join(timeout=120)
print(len(reports), len({repr(report.features) for report in reports}))
"""
    assert run(code, DRIFTWATCH_NUM_THREADS="3") == "8 1\n"


@compiled_only
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_parent_and_child_check_again_after_a_fork() -> None:
    code = """
import os, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of a fork beside threads: that is the point here
driftwatch.warmup()
reference, current = tables(30_000, 8)
monitor = Monitor(reference)
before = answers(monitor.check(current))
child = os.fork()
if child == 0:
    os._exit(7 if answers(monitor.check(current)) == before else 1)
assert answers(monitor.check(current)) == before
deadline = time.monotonic() + 120
done = 0
while not done and time.monotonic() < deadline:
    done, status = os.waitpid(child, os.WNOHANG)
if not done:
    os.kill(child, 9)
print(os.waitstatus_to_exitcode(status))
"""
    assert run(code, DRIFTWATCH_NUM_THREADS="3") == "7\n"
