"""Spark: the bytes and the report of one process, whatever the partitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from cluster_samples import CURRENT, PROFILE, REFERENCE, alone, same_report
from driftwatch import Monitor, Profile
from driftwatch.distributed import spark as adapter
from driftwatch.distributed.spark import check, count
from driftwatch.errors import ConfigError, InputTypeError, NoCommonFeaturesError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")

ROWS = pa.Table.from_pandas(CURRENT, preserve_index=False)


@pytest.fixture(scope="module")
def frame(spark: Any) -> Any:
    """The current rows as Arrow, so that missing values are NaN there as here."""
    return spark.createDataFrame(ROWS).cache()


@pytest.mark.parametrize("seed", range(4))
def test_any_partitioning_gives_the_bytes_of_one_process(frame: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    split = frame.repartition(int(rng.integers(2, 9)), "count") if seed % 2 else frame.orderBy("x").repartition(5)
    assert count(split, PROFILE, n_reducers=int(rng.integers(1, 4))).to_bytes() == alone()


def test_empty_partitions_change_nothing(frame: Any) -> None:
    split = frame.coalesce(1).repartition(20, "member")  # two values, so that most of 20 partitions have no row
    assert count(split, PROFILE, n_reducers=3).to_bytes() == alone()


def test_a_frame_without_rows_is_an_empty_window(frame: Any) -> None:
    window = count(frame.limit(0), PROFILE, n_reducers=1)
    assert window.to_bytes() == alone(CURRENT.iloc[:0])


def test_the_report_is_that_of_one_process(frame: Any) -> None:
    assert same_report(check(frame.repartition(3), PROFILE, n_reducers=2))


def test_settings_are_those_of_the_monitor(frame: Any) -> None:
    assert check(frame, Monitor.from_profile(PROFILE, alpha=0.01), n_reducers=1).alpha == 0.01


def test_columns_that_are_not_compared_are_not_read(spark: Any, frame: Any, tmp_path: Path) -> None:
    frame.write.parquet(str(tmp_path / "rows"))
    profile = Profile.fit(REFERENCE[["small.er", "city"]])  # a name with a dot, which Spark takes for a field
    window = count(spark.read.parquet(str(tmp_path / "rows")), profile, n_reducers=1)
    assert window.to_bytes() == alone(CURRENT, profile)
    assert window.counts.unknown == set(CURRENT) - {"small.er", "city"}


def test_nulls_are_missing_values(spark: Any) -> None:
    rows = {"x": [1.0, None, 3.0], "city": ["Rome", None, "Oslo"], "member": [True, None, False]}
    frame = spark.createDataFrame(pa.table(rows)).repartition(2)
    assert count(frame, PROFILE, n_reducers=1).to_bytes() == alone(pa.table(rows))


def test_vectors_may_be_missing_and_of_another_length(spark: Any) -> None:
    vectors = [[1.0, 2.0, 3.0, 4.0], None, None, [0.0, 1.0, 2.0, 3.0]] * 5
    frame = spark.createDataFrame(pa.table({"vector": vectors})).repartition(7)
    assert count(frame, PROFILE, n_reducers=1).to_bytes() == alone({"vector": vectors})
    longer = count(spark.createDataFrame(pa.table({"vector": [[1.0] * 5]})), PROFILE, n_reducers=1)
    assert "the type changed" in longer.counts.problems["vector"]


def test_small_batches_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = ROWS.to_batches(max_chunksize=50)
    assert [table.num_rows for table in adapter._joined(batches)] == [300]
    monkeypatch.setattr(adapter, "VALUES_AT_ONCE", 100 * ROWS.num_columns)
    assert [table.num_rows for table in adapter._joined(batches)] == [100, 100, 100]
    assert list(adapter._joined([])) == []


def test_something_else_than_a_spark_frame_is_refused(frame: Any) -> None:
    with pytest.raises(InputTypeError, match="`frame` must be a DataFrame of Spark 4 or newer, got DataFrame"):
        check(CURRENT, PROFILE)
    with pytest.raises(InputTypeError, match="`reference` must be a Profile or a Monitor"):
        check(frame, REFERENCE)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="`n_reducers` must be an integer of at least 1, got 0"):
        check(frame, PROFILE, n_reducers=0)


def test_frames_with_no_column_in_common_are_an_error(frame: Any) -> None:
    with pytest.raises(NoCommonFeaturesError):
        check(frame.select("unknown"), PROFILE, n_reducers=1)
