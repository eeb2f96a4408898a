"""PyTorch: the windows of all ranks added up by collectives (layer 5)."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from driftwatch.errors import InputError
from driftwatch.profile.counted import merge
from driftwatch.profile.flat import FlatCounts, flatten, unflatten
from driftwatch.profile.window import Window

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import distributed

__all__ = ["all_reduce"]


def all_reduce(
    window: Window, *, group: distributed.ProcessGroup | None = None, device: torch.device | str | None = None
) -> Window:
    """Return the window of the rows of all ranks, the same on each; the one that was passed stays as it is.

    Parameters
    ----------
    window : Window
        On the same profile on every rank. All ranks of the group must call.
    group : torch.distributed.ProcessGroup, optional
        All ranks by default.
    device : torch.device or str, optional
        Where the collectives run: by default the current CUDA device where the group is NCCL's, else the host.

    Raises
    ------
    InputError
        On every rank, if the ranks counted on different profiles, or sums leave what they are kept in.

    Notes
    -----
    One sum of int64 and one maximum of float64, as long as the window's numeric counts, and the tables of categories as
    pickled objects, so the ranks trust each other. The result is `+` over the ranks, to the last byte.
    """
    import torch
    from torch import distributed

    counts, profile = window.counts, window.profile
    ranks: list[Any] = [None] * distributed.get_world_size(group)
    distributed.all_gather_object(ranks, (profile.summary.frame, replace(counts, blocks=(), projected={})), group=group)
    if len({frame for frame, _ in ranks}) > 1:  # before any array travels: theirs would have other shapes
        raise InputError(
            "windows of all ranks must be counted on one profile, and these were not. Save it on one rank, and load it "
            "on all."
        )
    chosen = torch.device(_device_of(group) if device is None else device)

    def combined(array: np.ndarray[Any, Any], op: Any) -> np.ndarray[Any, Any]:
        tensor = torch.tensor(array, device=chosen)
        distributed.all_reduce(tensor, op=op, group=group)
        host: np.ndarray[Any, Any] = tensor.cpu().numpy()
        return host

    own = flatten(counts)
    ends = combined(own.ends, distributed.ReduceOp.MAX)
    numeric = unflatten(FlatCounts(combined(own.counts, distributed.ReduceOp.SUM), ends), counts, len(ranks))
    others = reduce(lambda a, b: merge(a, b, profile), [counted for _, counted in ranks])
    both = Window(profile)
    both.counts = replace(others, blocks=numeric.blocks, projected=numeric.projected)
    return both


def _device_of(group: distributed.ProcessGroup | None) -> str:
    from torch import distributed

    return "cuda" if distributed.get_backend(group) == distributed.Backend.NCCL else "cpu"
