"""`s3://` on a server of this machine, moto's, which speaks S3 over HTTP: pyarrow's file system, our patterns and options."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer
from pyarrow import fs

from driftwatch.errors import InputError
from driftwatch.io.batches import find_batches

if TYPE_CHECKING:
    from collections.abc import Iterator

N = 500


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def options(address: str) -> str:
    storage = fs.S3FileSystem(endpoint_override=address, scheme="http", region="us-east-1", allow_bucket_creation=True)
    storage.create_dir("bucket")
    for day in range(3):
        table = pa.table({"x": [float(i + 100 * day) for i in range(N)]})
        pq.write_table(table, f"bucket/current/day={day}/part.parquet", filesystem=storage)
        storage.create_dir(f"bucket/current/day={day}/_temporary")
    return f"?endpoint_override={address}&scheme=http&region=us-east-1"


@pytest.mark.parametrize(
    ("path", "days"),
    [("current/", [0, 1, 2]), ("current/day=1/part.parquet", [1]), ("current/day=[02]/*.parquet", [0, 2])],
)
def test_files_folders_and_patterns_of_a_bucket(options: str, path: str, days: list[int]) -> None:
    found = pa.concat_tables(find_batches([f"s3://bucket/{path}{options}"]).tables())
    assert found["x"].to_pylist() == [float(i + 100 * day) for day in days for i in range(N)]
    assert sorted(set(found["day"].to_pylist())) == days


def test_an_object_that_is_not_there_is_one_error(options: str) -> None:
    with pytest.raises(InputError, match="it matches no file"):
        find_batches([f"s3://bucket/elsewhere/*.parquet{options}"])
