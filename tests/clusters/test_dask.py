"""Dask: the bytes and the report of one process, whatever the partitions, and when a worker dies."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dask
import dask.dataframe as dd
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_samples import CURRENT, PROFILE, REFERENCE, alone, die_once, same_report
from docs_pages import DOCS, examples
from driftwatch import Monitor, Profile
from driftwatch.distributed.dask import check, count
from driftwatch.errors import InputTypeError, NoCommonFeaturesError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Dask's own calls of pandas
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame")

WAIT = 90  # seconds, for a machine that does other things too


def of_parts(parts: list[Any]) -> Any:
    """Return a Dask DataFrame whose partitions are these rows."""
    return dd.from_map(CURRENT.iloc.__getitem__, parts, meta=CURRENT.iloc[:0])


@pytest.fixture(scope="module", autouse=True)
def vectors_stay_vectors() -> Iterator[None]:
    """Dask turns columns of objects into text by default."""
    with dask.config.set({"dataframe.convert-string": False}):
        yield


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Two worker processes."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        Client(cluster) as connected,
    ):
        yield connected


@given(st.integers(0, 12), st.integers(2, 4), st.randoms(use_true_random=False))
@settings(max_examples=12)
def test_any_partitioning_gives_the_bytes_of_one_process(n_cuts: int, fan_in: int, random: Any) -> None:
    rows = list(range(len(CURRENT)))
    random.shuffle(rows)
    cuts = sorted(random.randrange(len(rows) + 1) for _ in range(n_cuts))
    with dask.config.set(scheduler="synchronous"):
        assert count(of_parts(np.split(rows, cuts)), PROFILE, fan_in=fan_in).to_bytes() == alone()


def test_an_empty_partition_changes_nothing() -> None:
    parts = [np.arange(0), np.arange(300), np.arange(0)]
    with dask.config.set(scheduler="synchronous"):
        assert count(of_parts(parts), PROFILE).to_bytes() == alone()


def test_text_of_dask_is_text() -> None:
    with dask.config.set({"dataframe.convert-string": True, "scheduler": "synchronous"}):
        window = count(dd.from_pandas(CURRENT.drop(columns="vector"), npartitions=3), PROFILE)
    assert window.to_bytes() == alone(CURRENT.drop(columns="vector"))


def test_a_frame_without_rows_is_an_empty_window() -> None:
    with dask.config.set(scheduler="synchronous"):
        assert count(of_parts([np.arange(0)]), PROFILE).to_bytes() == alone(CURRENT.iloc[:0])


def test_the_report_is_that_of_one_process(client: Client) -> None:
    frame = dd.from_pandas(CURRENT, npartitions=7)
    assert client.scheduler is not None
    assert same_report(check(frame, PROFILE, fan_in=3))
    assert same_report(check(frame, Monitor.from_profile(PROFILE)))


def test_settings_are_those_of_the_monitor() -> None:
    with dask.config.set(scheduler="synchronous"):
        report = check(dd.from_pandas(CURRENT, npartitions=2), Monitor.from_profile(PROFILE, alpha=0.01))
    assert report.alpha == 0.01


def test_columns_that_are_not_compared_are_not_read() -> None:
    asked: list[Any] = []

    def read(rows: Any, columns: Any = None) -> Any:  # as a Parquet reader does, which is told what is wanted
        asked.append(columns)
        return CURRENT.iloc[rows] if columns is None else CURRENT.iloc[rows][columns]

    profile = Profile.fit(REFERENCE[["x", "city"]])
    frame = dd.from_map(read, np.array_split(np.arange(len(CURRENT)), 3), meta=CURRENT.iloc[:0])
    with dask.config.set(scheduler="synchronous"):
        window = count(frame, profile)
    assert asked == [["x", "city"]] * 3
    assert window.to_bytes() == alone(CURRENT, profile)
    assert window.counts.unknown == set(CURRENT) - {"x", "city"}


@contextmanager
def bounded(seconds: int) -> Iterator[None]:
    """Fail where Dask would wait for ever, as for workers that do not come back."""

    def give_up(*_: Any) -> None:
        raise TimeoutError(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_a_killed_worker_costs_nothing_but_time(client: Client, tmp_path: Path) -> None:
    marker = tmp_path / "killed"
    before = set(client.scheduler_info(n_workers=-1)["workers"])
    parts = np.array_split(np.arange(len(CURRENT)), 8)
    frame = dd.from_map(die_once, parts, marker=str(marker), meta=CURRENT.iloc[:0])
    with bounded(WAIT):
        window = count(frame, PROFILE, fan_in=2)
    assert marker.exists()
    client.wait_for_workers(2, timeout=WAIT)
    assert set(client.scheduler_info(n_workers=-1)["workers"]) != before  # a worker was lost and another one started
    assert window.to_bytes() == alone()


def test_something_else_than_a_dask_frame_is_refused() -> None:
    with pytest.raises(InputTypeError, match="`frame` must be a Dask DataFrame, got DataFrame"):
        check(CURRENT, PROFILE)
    with pytest.raises(InputTypeError, match="`reference` must be a Profile or a Monitor"):
        check(dd.from_pandas(CURRENT, npartitions=1), REFERENCE)  # type: ignore[arg-type]


def test_frames_with_no_column_in_common_are_an_error() -> None:
    with dask.config.set(scheduler="synchronous"), pytest.raises(NoCommonFeaturesError):
        check(dd.from_pandas(CURRENT[["unknown"]], npartitions=2), PROFILE)


def test_the_example_of_the_documentation_runs() -> None:
    with dask.config.set(scheduler="threads"):
        exec("\n".join(examples(DOCS / "clusters.md", "Dask")), {"__name__": "__main__"})
