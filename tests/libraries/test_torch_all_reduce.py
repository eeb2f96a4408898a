"""Windows of the ranks of a training job, added up over gloo: the bytes of one process, on every rank."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from cluster_samples import CURRENT, PROFILE, REFERENCE, alone
from driftwatch import Profile, Window

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

RANK = """
import datetime, sys
from pathlib import Path
import pandas as pd
from torch import distributed
from driftwatch import Profile, Window
from driftwatch.distributed.torch import all_reduce
from driftwatch.errors import InputError

rank, folder = int(sys.argv[1]), Path(sys.argv[2])
distributed.init_process_group(
    "gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=3, timeout=datetime.timedelta(seconds=60)
)
profile = Profile.load(folder / "profile.npz")
rows = pd.read_pickle(folder / "rows.pkl")
window = Window(profile)
if rank < 2:  # and the third rank has no rows
    window.update(rows[rank::2])
before = window.to_bytes()
(folder / f"rank{rank}.bin").write_bytes(all_reduce(window).to_bytes())
assert window.to_bytes() == before

pair = distributed.new_group([0, 1])
if rank < 2:
    half = all_reduce(window, group=pair, device="cpu")
    assert half.n_rows == len(rows), half
distributed.barrier()

other = Window(Profile.load(folder / "other.npz")) if rank == 1 else window
try:
    all_reduce(other)
except InputError as error:
    assert "must be counted on one profile" in str(error)
else:
    raise AssertionError("windows of two profiles were added")
distributed.destroy_process_group()
"""


def test_every_rank_has_the_bytes_of_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    PROFILE.save(tmp_path / "profile.npz")
    Profile.fit(REFERENCE[["x"]]).save(tmp_path / "other.npz")
    CURRENT.to_pickle(tmp_path / "rows.pkl")
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONPATH", ":".join(filter(None, sys.path)))
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", RANK, str(rank), str(tmp_path)], stderr=subprocess.PIPE, text=True
        )
        for rank in range(3)
    ]
    try:
        errors = [process.communicate(timeout=120)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    # Oracle: one process that counts all rows
    assert {(tmp_path / f"rank{rank}.bin").read_bytes() for rank in range(3)} == {alone()}


def test_a_single_rank_gets_its_own_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch import distributed

    from driftwatch.distributed.torch import all_reduce

    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/rendezvous", rank=0, world_size=1)
    try:
        assert all_reduce(Window(PROFILE).update(CURRENT)).to_bytes() == alone()
    finally:
        distributed.destroy_process_group()
