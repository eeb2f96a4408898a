"""What the Wasserstein distance is without drift, from the spread of the reference (layer 2)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, to_host

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._prepare import Ordered

__all__ = ["BridgeMoments", "bridge_moments"]

N_CELLS = (
    32  # cells of the double integral: the second moment is within 0.3 % of the limit for the uniform law (tested)
)


class BridgeMoments(NamedTuple):
    """E[I] and E[I^2] of `I = int |B(F(x))| dx`, B a Brownian bridge, shape `(d,)` each, in the feature's unit.

    Without drift W1 is about `sqrt(1 / n + 1 / m) I`.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]


def bridge_moments(sample: Ordered, *, xp: Namespace) -> BridgeMoments:
    """Return the moments of the integrated Brownian bridge over each feature's distribution.

    Parameters
    ----------
    sample : Ordered
        Sorted values, shape `(d, n)`.

    Notes
    -----
    E[I] = sqrt(2 / pi) int sqrt(F (1 - F)) dx, a sum over the gaps between neighbouring values. E[I^2] is the double
    integral of E|B(s) B(t)|, known for a normal pair, over `N_CELLS` cells of F. Not finite where values are not. The
    limit exists where values have a little more than two moments: for the Cauchy law it says what this sample gives.
    O(d n), once for a reference.

    References
    ----------
    del Barrio, E., Gine, E. and Matran, C. (1999), "Central limit theorems for the Wasserstein distance between the
    empirical and the true distributions", Annals of Probability 27; Johnson, B. McK. and Killeen, T. (1983), "An
    explicit formula for the c.d.f. of the L1 norm of the Brownian bridge", the same journal 11, for the uniform law.
    """
    values, n_valid = sample
    d, longest = values.shape
    n = np.broadcast_to(np.asarray(to_host(n_valid), dtype=np.float64), (d,))[:, None]
    n, ragged = (n[:1], False) if isinstance(n_valid, int) else (n, True)
    bounds = np.unique(np.linspace(0, max(longest - 1, 0), N_CELLS + 1).astype(np.int64)).tolist()
    cells = [_cell(values, n, start, stop, ragged=ragged, xp=xp) for start, stop in pairwise(bounds)]
    if not cells:  # a single value has no spread
        return BridgeMoments(np.zeros(d), np.zeros(d))
    deviation = np.stack(cells, axis=-1)
    first = np.sqrt(2.0 / np.pi) * deviation.sum(axis=-1)

    middle = (np.asarray(bounds[1:]) + np.asarray(bounds[:-1]) + 1.0) / 2.0
    position = np.clip(middle / np.maximum(n, 1.0), 1e-12, 1.0 - 1e-12)
    odds = position / (1.0 - position)
    correlation = np.sqrt(np.minimum(odds[:, :, None] / odds[:, None, :], odds[:, None, :] / odds[:, :, None]))
    cross = np.sqrt(1.0 - correlation**2) + correlation * np.arcsin(correlation)
    pairs = deviation[:, :, None] * cross * deviation[:, None, :]
    second = (2.0 / np.pi) * pairs.sum(axis=(1, 2))
    return BridgeMoments(first, second)


def _cell(
    values: Array, n: NDArray[np.float64], start: int, stop: int, *, ragged: bool, xp: Namespace
) -> NDArray[np.float64]:
    """Return the integral of sqrt(F (1 - F)) from the value at `start` to the one at `stop`, on the host, `(d,)`."""
    rank = np.arange(start + 1.0, stop + 1.0)
    weight = np.sqrt(np.maximum(rank * (n - rank), 0.0)) / np.maximum(n, 1.0)
    weight = xp.asarray(weight, dtype=values.dtype, device=device_of(values))
    with np.errstate(over="ignore", invalid="ignore"):
        gap = values[:, start + 1 : stop + 1] - values[:, start:stop]
        if ragged:  # what is missing stands at infinity
            gap = xp.where(weight > 0.0, gap, xp.zeros_like(gap))
        return np.asarray(to_host(xp.sum(gap * weight, axis=-1)), dtype=np.float64)
