"""Compile ahead what would otherwise be compiled in the middle of a large check (layer 2)."""

from __future__ import annotations

import numpy as np

from driftwatch.ops._catalog import NATIVE_FLOATS
from driftwatch.ops._dispatch import is_usable, load_from_now_on

__all__ = ["warmup"]


def warmup() -> bool:
    """Compile the fast path for NumPy data, or load it from the disk cache, and use it from the next check on.

    Returns
    -------
    bool
        Whether there is one: False without Numba, and then nothing else happens.

    Notes
    -----
    About ten seconds the first time on a machine. One second afterwards, if the folder of the package or the user's cache folder
    can be written (Numba's `NUMBA_CACHE_DIR` names another). Without this call a process starts to use compiled code
    by itself, once it has worked through so many values that loading it pays. A service calls it before it
    takes requests, and before it forks.

    Examples
    --------
    >>> import driftwatch
    >>> ready = driftwatch.warmup()
    """
    if not is_usable("numba"):
        return False
    from driftwatch.ops import numba as compiled

    n = compiled.MIN_RADIX_VALUES
    for dtype in NATIVE_FLOATS:
        ordered = np.linspace(0.0, 1.0, 2 * n, dtype=dtype).reshape(2, n)
        for x in (ordered.copy(), np.asfortranarray(ordered)):  # tables stored by column and by row
            for writeable in (True, False):  # dataframes hand out read-only arrays
                x.flags.writeable = writeable
                compiled.sort_last(x, xp=np)
                compiled.count_missing(x, xp=np)
                compiled.counts_from_edges(x, n, ordered[:, :1], xp=np)
        compiled.mean_std(ordered, n, ordered[:, 0], ordered[:, -1], xp=np)
        compiled.merge_ks_w1(ordered, ordered, n, n, xp=np)
        points = np.full((2, 2), np.inf)
        points[:, 0] = 0.5
        for writeable in (True, False):
            ordered.flags.writeable = writeable
            compiled.tally_cells(ordered, points, np.ones(2), np.zeros(2, np.int64), xp=np)
        load_from_now_on(dtype)
    return True
