"""Forward hooks in PyTorch: what they count, that they wait for nothing, and that ranks add up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from driftwatch import training
from driftwatch.errors import ConfigError, InputError, InputTypeError, UnknownNameError
from driftwatch.profile.grid import totals
from driftwatch.training.torch import ActivationMonitor, watch

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH = 5


def make_model(seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(3, WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, 2))


def batches(n: int = 4, rows: int = 32, seed: int = 1) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(rows, 3, generator=generator) for _ in range(n)]


def frozen(model: torch.nn.Module, layers: list[str], **options: Any) -> ActivationMonitor:
    monitor = watch(model, layers, **options)
    with torch.no_grad():
        for batch in batches(seed=0):
            model(batch)
    return monitor.freeze()


def counts_of(monitor: ActivationMonitor, layer: str) -> list[np.ndarray[Any, Any]]:
    return list(totals(monitor.tallies[layer]))


def counted_on_host(monitor: ActivationMonitor, layer: str, rows: torch.Tensor) -> list[np.ndarray[Any, Any]]:
    """Return the counts of rows by the NumPy path on the same edges: the oracle of the hooks."""
    edges, deciles, salts, reference = monitor.grids[layer]
    grid = training.Grid(edges.numpy(), deciles.numpy(), salts.numpy(), training.Tally(*totals(reference)))
    half = rows.dtype in {torch.float16, torch.bfloat16}
    tally = training.update(grid, training.start(grid), (rows.float() if half else rows).numpy())
    return list(totals(tally))


@pytest.mark.parametrize("mode", ["training", "no_grad", "inference_mode"])
def test_hook_counts_what_the_layer_put_out(mode: str) -> None:
    model = make_model()
    monitor = frozen(model, ["1"])
    context: Callable[[], Any] = {
        "training": torch.enable_grad,
        "no_grad": torch.no_grad,
        "inference_mode": torch.inference_mode,
    }[mode]
    with context():
        for batch in batches():
            model(batch)
    with torch.no_grad():
        seen = torch.cat([model[:2](batch) for batch in batches()])
    monitor.remove()
    found, wanted = counts_of(monitor, "1"), counted_on_host(monitor, "1", seen)
    # twice: the watched layer also ran to make `seen`
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, 2 * other)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_counted_by_value(dtype: torch.dtype) -> None:
    model = torch.nn.Sequential(torch.nn.Identity())
    monitor = watch(model)
    model(torch.cat(batches(8)).to(dtype))
    monitor.freeze()
    rows = torch.cat(batches(seed=3)).to(dtype)
    model(rows)
    np.testing.assert_array_equal(counts_of(monitor, "0")[0], counted_on_host(monitor, "0", rows)[0])


def test_copies_of_half_precision_rows_meet() -> None:
    model = torch.nn.Identity()
    monitor = watch(model, [""])
    model(torch.randn(500, 4).half())
    monitor.freeze()
    rows = torch.randn(500, 4).half()
    model(torch.cat([rows, rows]))
    assert monitor.check().drifted_features == ["rows"]


def test_sequences_are_flattened_to_rows() -> None:
    model = torch.nn.Sequential(torch.nn.Identity())
    monitor = watch(model)
    model(torch.randn(8, 20, 4))
    monitor.freeze()
    rows = torch.randn(6, 7, 4)
    model(rows)
    for one, other in zip(counts_of(monitor, "0"), counted_on_host(monitor, "0", rows.reshape(-1, 4)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_channels_of_feature_maps_are_features() -> None:
    model = torch.nn.Sequential(torch.nn.Identity())
    monitor = watch(model, axis=1)
    model(torch.randn(8, 3, 5, 5))
    monitor.freeze()
    maps = torch.randn(4, 3, 5, 5)
    model(maps)
    wanted = counted_on_host(monitor, "0", maps.permute(0, 2, 3, 1).reshape(-1, 3))
    np.testing.assert_array_equal(counts_of(monitor, "0")[0], wanted[0])


def test_max_rows_bounds_what_a_step_counts() -> None:
    model = make_model()
    monitor = frozen(model, ["1"], max_rows=10)
    model(batches()[0])
    assert 5 < counts_of(monitor, "1")[0].sum() / WIDTH <= 10


def test_reference_keeps_no_more_rows_than_asked() -> None:
    monitor = frozen(make_model(), ["1"], reference_rows=50)
    assert totals(monitor.grids["1"].reference)[0].sum(axis=-1).tolist() == [50] * WIDTH


@pytest.mark.parametrize("wrap", [lambda x: (x, None), lambda x: [None, x], lambda x: {"hidden": x}])
def test_first_tensor_of_an_output_is_watched(wrap: Callable[[torch.Tensor], Any]) -> None:
    class Wrapping(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: torch.Tensor) -> Any:
            return wrap(x)

    model = Wrapping()
    monitor = watch(model, [""])
    model(torch.randn(20, 2))
    monitor.freeze()
    model(torch.randn(7, 2))
    assert counts_of(monitor, "")[0].sum() == 14


def test_select_picks_the_tensor() -> None:
    model = torch.nn.LSTM(3, 4, batch_first=True)
    monitor = watch(model, [""], select=lambda output: output[1][0][-1])
    model(torch.randn(9, 5, 3))
    monitor.freeze()
    model(torch.randn(6, 5, 3))
    assert counts_of(monitor, "")[0].sum() == 6 * 4


def test_gradients_are_untouched() -> None:
    gradients = []
    for watched in (False, True):
        model = make_model()
        if watched:
            frozen(model, ["0", "1"])
        model.zero_grad()
        model(batches()[0]).square().mean().backward()
        gradients.append([parameter.grad.clone() for parameter in model.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*gradients, strict=True))


def test_a_step_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model()
    monitor = frozen(model, ["1"], max_rows=20)

    def fail(*_args: Any, **_options: Any) -> None:
        raise AssertionError("the device was waited for")

    with monkeypatch.context() as patched:
        for name in ("item", "cpu", "tolist", "nonzero", "__bool__", "__float__", "__int__", "__index__"):
            patched.setattr(torch.Tensor, name, fail)
        model(batches()[0])
    assert monitor.check().n_current > 0


def test_counting_needs_no_data_at_all() -> None:
    # Tensors on "meta" have shapes and no values: any operation that waits for one fails there.
    def on_meta(tally_or_grid: Any) -> Any:
        if isinstance(tally_or_grid, torch.Tensor):
            return tally_or_grid.to("meta")
        return tally_or_grid and type(tally_or_grid)(*map(on_meta, tally_or_grid))

    grid = on_meta(training.fit_grid(torch.randn(100, 4)))
    tally = training.update(grid, training.start(grid), torch.empty(8, 4, device="meta"))
    assert tally.cells.shape == grid.reference.cells.shape
    with pytest.raises((RuntimeError, NotImplementedError)):
        totals(tally)


def test_removed_hooks_see_nothing() -> None:
    model = make_model()
    with frozen(model, ["1"]) as monitor:
        model(batches()[0])
    before = counts_of(monitor, "1")[0].sum()
    model(batches()[0])
    assert counts_of(monitor, "1")[0].sum() == before > 0
    assert not model[1]._forward_hooks


def test_check_starts_anew_unless_told_otherwise() -> None:
    model = make_model()
    monitor = frozen(model, ["1"])
    model(batches()[0])
    assert monitor.check(reset=False).n_current == 32
    model(batches()[0])
    assert monitor.check().n_current == 64
    assert monitor.check().n_current == 0


def test_shifted_input_is_found_in_the_layer_it_reaches() -> None:
    model = torch.nn.Sequential(torch.nn.Identity())
    monitor = watch(model, n_checks=10)
    model(torch.cat(batches(20)))
    monitor.freeze()
    model(torch.cat(batches(20, seed=5)) + torch.tensor([0.0, 0.0, 0.6]))
    assert monitor.check().drifted_features == ["0[2]"]


def test_all_children_are_watched_by_default() -> None:
    assert watch(make_model()).layers == ["0", "1", "2"]


def test_unknown_layer_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown layer: 'head'"):
        watch(make_model(), ["head"])


@pytest.mark.parametrize("layers", ["0", []])
def test_layers_must_be_a_sequence_of_names(layers: Any) -> None:
    with pytest.raises(ConfigError, match="`layers` must be a sequence of names"):
        watch(make_model(), layers)


@pytest.mark.parametrize("option", ["max_rows", "reference_rows"])
def test_row_limits_must_be_positive(option: Any) -> None:
    with pytest.raises(ConfigError, match=f"`{option}` must be at least 1, got 0"):
        watch(make_model(), None, **{option: 0})


def test_freeze_needs_a_forward_pass() -> None:
    with pytest.raises(InputError, match="nothing was seen of layer '0'"):
        watch(make_model()).freeze()


def test_check_needs_a_reference() -> None:
    with pytest.raises(InputError, match="there is no reference yet"):
        watch(make_model()).check()


def test_output_without_a_tensor_is_refused() -> None:
    class Silent(torch.nn.Module):  # type: ignore[misc]
        def forward(self, _x: torch.Tensor) -> None:
            return None

    model = Silent()
    watch(model, [""])
    with pytest.raises(InputTypeError, match="returned NoneType without a tensor"):
        model(torch.zeros(1))


RANK = """
import datetime, sys
import numpy as np, torch
from torch import distributed
from driftwatch.profile.grid import totals
from driftwatch.training import watch

rank, folder = int(sys.argv[1]), sys.argv[2]
distributed.init_process_group(
    "gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2, timeout=datetime.timedelta(seconds=60)
)
data = torch.tensor(np.load(f"{folder}/data.npy"))
model = torch.nn.Identity()
monitor = watch(model, [""], group=distributed.group.WORLD)
model(data[rank:1000:2])
monitor.freeze()
for part in data[1000 + rank :: 2].split(50):
    model(part)
own = totals(monitor.tallies[""])[0].sum()
report = monitor.check(reset=False)
again = monitor.check()
assert own == 500 * 3, own
assert {f: r.tests["ks"].statistic for f, r in report.features.items() if "ks" in r.tests} == {
    f: r.tests["ks"].statistic for f, r in again.features.items() if "ks" in r.tests
}
np.savez(f"{folder}/rank{rank}.npz", edges=monitor.grids[""].edges, reference=totals(monitor.grids[""].reference)[0])
open(f"{folder}/rank{rank}.json", "w").write(report.to_json())
distributed.destroy_process_group()
"""


def test_ranks_add_up_to_the_counts_of_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    data = rng.normal(size=(2_000, 3)).astype(np.float32)
    data[1_000:, 1] += 0.5
    np.save(tmp_path / "data.npy", data)
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONPATH", ":".join(filter(None, sys.path)))
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", RANK, str(rank), str(tmp_path)], stderr=subprocess.PIPE, text=True
        )
        for rank in range(2)
    ]
    try:
        errors = [process.communicate(timeout=120)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], errors

    from driftwatch import DriftReport

    ranks = [np.load(tmp_path / f"rank{rank}.npz") for rank in range(2)]
    np.testing.assert_array_equal(ranks[0]["edges"], ranks[1]["edges"])
    reports = [DriftReport.from_json((tmp_path / f"rank{rank}.json").read_text("utf-8")) for rank in range(2)]
    assert reports[0].features == reports[1].features
    assert reports[0].drifted_features == ["f1"]
    # Oracle: one process that counts all rows on the edges of the first rank.
    grid = training.fit_grid(data[0:1000:2])
    np.testing.assert_allclose(ranks[0]["edges"], grid.edges, rtol=1e-6)
    both = training.rebase(grid, training.update(grid, training.start(grid), data[:1000]))
    np.testing.assert_array_equal(ranks[1]["reference"], totals(both.reference)[0])
    alone = training.compare({"": both}, {"": training.update(both, training.start(both), data[1000:])})
    assert reports[1].features == alone.features


def test_example_finds_the_faults_and_nothing_else() -> None:
    example = Path(__file__).parents[2] / "examples" / "training_torch.py"
    done = subprocess.run([sys.executable, str(example)], capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    clean, duplicated, normalised, missing = done.stdout.splitlines()
    assert clean == "50 clean epochs: 0 alarms"
    assert duplicated == "duplicated rows: inputs[rows]"
    assert normalised.startswith("wrong normalisation: inputs[")
    assert missing == "missing class: label"
