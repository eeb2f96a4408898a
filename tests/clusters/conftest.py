"""Tests that need an engine: collected where it is installed, as `nox -s clusters` does."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

collect_ignore = [f"test_{engine}.py" for engine in ("dask", "pyspark") if find_spec(engine) is None]


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """One local Spark of two threads; where there is no Java its tests are skipped, and fail in CI."""
    if shutil.which("java") is None:
        reason = "Spark needs Java 17 (Debian: apt-get install openjdk-17-jre-headless), and there is no `java`"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        # workers import what this process does
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, map(os.path.abspath, sys.path))))
        settings = {
            "spark.ui.enabled": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.shuffle.partitions": "2",
            "spark.default.parallelism": "2",
        }
        builder = SparkSession.builder.master("local[2]").appName("driftwatch tests")
        for key, value in settings.items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield session
        session.stop()
