"""PyTorch: activations of named layers, counted by forward hooks that wait for nothing (layer 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from driftwatch.errors import ConfigError, InputError, InputTypeError, UnknownNameError
from driftwatch.profile.grid import DEFAULT_CELLS, DEFAULT_FINGERPRINTS, Grid, Tally, fit_grid, rebase, start, update
from driftwatch.training.comparison import compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    import torch
    from torch import distributed

    from driftwatch.report.model import DriftReport

__all__ = ["ActivationMonitor", "watch"]

DEFAULT_REFERENCE_ROWS = 4_096


def watch(module: torch.nn.Module, layers: Sequence[str] | None = None, **options: Any) -> ActivationMonitor:
    """Return an `ActivationMonitor` that watches layers of a module; all its direct children by default."""
    return ActivationMonitor(module, layers, **options)


class ActivationMonitor:
    """Counts what layers put out, on the device and without waiting for it, and compares it with a reference.

    From the start it keeps the rows of the first batches as the reference; `freeze` makes a grid of them. From then on
    every forward pass is counted on the grid. Only `freeze` and `check` wait for the device.

    Parameters
    ----------
    module : torch.nn.Module
    layers : sequence of str, optional
        Names as in `module.named_modules()`, `""` for the module itself; all direct children by default.
    n_cells, n_fingerprints : int
        As in `driftwatch.training.fit_grid`.
    reference_rows : int
        Rows of a layer to keep for its reference; later ones are only used to tell that there are enough.
    max_rows : int, optional
        Rows of a forward pass to count, evenly spaced; all by default. It bounds the cost of a step.
    axis : int
        The axis of the features: -1, or 1 for feature maps `(batch, channels, height, width)`. All others are samples.
    select : callable, optional
        From what a layer returns to the tensor to watch; by default the tensor itself, or the first of a sequence or
        of the values of a mapping.
    group : torch.distributed.ProcessGroup, optional
        Ranks whose counts `freeze` and `check` add up, so that all of them must call both.
    n_checks : int
        How many times `check` will be called in the run; its level is divided by it.
    **options
        Further settings of `driftwatch.training.compare`.

    Raises
    ------
    ConfigError, UnknownNameError
        If a setting is out of range, or a layer does not exist.

    Notes
    -----
    Removable (`remove`, or as a context manager). Hooks cannot be traced, so `torch.compile` breaks the graph at a
    watched layer. Weights that are trained move activations by themselves: watch what should stand still, as inputs,
    frozen embeddings, or one rank against the others.

    In a training loop::

        with watch(model, ["embedding"], n_checks=50) as monitor:
            for batch in reference_batches:
                model(batch)
            monitor.freeze()
            for epoch in range(50):
                train(model, loader)
                print(monitor.check().summary())
    """

    def __init__(
        self,
        module: torch.nn.Module,
        layers: Sequence[str] | None = None,
        *,
        n_cells: int = DEFAULT_CELLS,
        n_fingerprints: int = DEFAULT_FINGERPRINTS,
        reference_rows: int = DEFAULT_REFERENCE_ROWS,
        max_rows: int | None = None,
        axis: int = -1,
        select: Callable[[Any], torch.Tensor] | None = None,
        group: distributed.ProcessGroup | None = None,
        n_checks: int = 1,
        **options: Any,
    ) -> None:
        for name, value in (("reference_rows", reference_rows), ("max_rows", max_rows)):
            if value is not None and value < 1:
                raise ConfigError(f"`{name}` must be at least 1, got {value!r}.")
        self._options = {**options, "n_checks": n_checks}
        self._grid_options = {"n_cells": n_cells, "n_fingerprints": n_fingerprints}
        self._reference_rows, self._max_rows, self._axis = reference_rows, max_rows, axis
        self._select = _first_tensor if select is None else select
        self._group = group
        watched = _named(module, layers)
        self._kept: dict[str, list[torch.Tensor]] = {name: [] for name in watched}
        self._grids: dict[str, Grid] = {}
        self._tallies: dict[str, Tally] = {}
        self._handles = [layer.register_forward_hook(self._hook(name)) for name, layer in watched.items()]

    @property
    def layers(self) -> list[str]:
        """Names of the watched layers."""
        return list(self._kept)

    @property
    def grids(self) -> dict[str, Grid]:
        """The frozen references by layer; empty before `freeze`."""
        return dict(self._grids)

    @property
    def tallies(self) -> dict[str, Tally]:
        """The counts of this rank by layer, since the last `check` or `reset`; nothing is waited for."""
        return dict(self._tallies)

    def freeze(self) -> Self:
        """Make the grids from what was seen so far, and count from here on.

        With a `group`, all ranks take the edges of the first one, and the reference is the rows of all of them.

        Raises
        ------
        InputError
            If a layer has not run yet.
        """
        from torch import cat

        silent = [name for name, kept in self._kept.items() if not kept and name not in self._grids]
        if silent:
            raise InputError(f"nothing was seen of layer {silent[0]!r}. Run the reference batches before `freeze`.")
        for name, kept in self._kept.items():
            if name in self._grids:
                continue
            rows = cat(kept)
            grid = fit_grid(rows, **self._grid_options)
            self._grids[name] = grid if self._group is None else _shared(grid, rows, self._group)
            kept.clear()
        self.reset()
        return self

    def reset(self) -> None:
        """Forget what was counted since `freeze`; the references stay."""
        self._tallies = {name: start(grid) for name, grid in self._grids.items()}

    def check(self, *, reset: bool = True) -> DriftReport:
        """Return what changed since `freeze`, over all ranks of the group, and start counting anew.

        Parameters
        ----------
        reset : bool
            Whether the counts start again from 0; False goes on adding, for a report in the middle of an epoch.

        Raises
        ------
        InputError
            If `freeze` was not called yet.
        """
        if not self._grids:
            raise InputError("there is no reference yet. Run reference batches, then call `freeze`.")
        tallies = self._tallies
        if self._group is not None:
            tallies = {name: _all_reduced(tally, self._group) for name, tally in tallies.items()}
        report = compare(self._grids, tallies, **self._options)
        if reset:
            self.reset()
        return report

    def remove(self) -> None:
        """Take the hooks off the module; what was counted stays readable."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def _hook(self, name: str) -> Callable[[torch.nn.Module, Any, Any], None]:
        from torch import no_grad

        def count(_module: torch.nn.Module, _inputs: Any, output: Any) -> None:
            with no_grad():
                self._see(name, self._select(output).detach())

        return count

    def _see(self, name: str, output: torch.Tensor) -> None:
        rows = output.movedim(self._axis, -1)
        rows = rows.reshape(-1, rows.shape[-1])
        grid = self._grids.get(name)
        if grid is None:
            room = self._reference_rows - sum(len(kept) for kept in self._kept[name])
            if room > 0:
                self._kept[name].append(rows[:room].clone())
            return
        if self._max_rows is not None and len(rows) > self._max_rows:
            rows = rows[:: -(-len(rows) // self._max_rows)]
        self._tallies[name] = update(grid, self._tallies[name], rows)


def _named(module: torch.nn.Module, layers: Sequence[str] | None) -> Mapping[str, torch.nn.Module]:
    known = dict(module.named_modules())
    names = [name for name, _ in module.named_children()] if layers is None else list(dict.fromkeys(layers))
    if isinstance(layers, str) or not names:
        raise ConfigError(f"`layers` must be a sequence of names with at least one, got {layers!r}. Try [''].")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UnknownNameError.from_names("layer", unknown, known)
    return {name: known[name] for name in names}


def _first_tensor(output: Any) -> torch.Tensor:
    """Return the tensor of a layer's output: itself, or the first of a sequence or mapping."""
    from torch import Tensor

    items: Iterable[Any] = (output,)
    if isinstance(output, tuple | list):
        items = output
    elif isinstance(output, Mapping):
        items = output.values()
    for item in items:
        if isinstance(item, Tensor):
            return item
    raise InputTypeError(f"a watched layer returned {type(output).__name__} without a tensor. Pass select=...")


def _shared(grid: Grid, rows: torch.Tensor, group: distributed.ProcessGroup) -> Grid:
    """Return the first rank's edges with the reference rows of all ranks counted on them."""
    from torch import distributed

    edges, deciles = (x.clone() for x in (grid.edges, grid.deciles))
    for tensor in (edges, deciles):
        distributed.broadcast(tensor, group=group, group_src=0)
    common = grid._replace(edges=edges, deciles=deciles)
    return rebase(common, _all_reduced(update(common, start(common), rows), group))


def _all_reduced(tally: Tally, group: distributed.ProcessGroup) -> Tally:
    """Return the counts of all ranks; those of this rank stay as they are."""
    from torch import distributed

    cells, rows = tally.cells.clone(), tally.rows.clone()
    for tensor in (cells, rows):
        if tensor.numel():
            distributed.all_reduce(tensor, group=group)
    return Tally(cells, rows)
