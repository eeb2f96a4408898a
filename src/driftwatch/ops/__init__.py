"""The few primitives that cost time (layer 2). Each is defined once in `generic`; overrides sit beside it.

Arrays are `(d, n)`, samples on the last axis. Contracts are in the docstrings of `generic`; `_catalog` says which
implementation runs where.
"""

from driftwatch.ops._dispatch import (
    bincount,
    count_missing,
    counts_from_edges,
    gammaincc,
    matmul,
    mean_std,
    merge_ks_w1,
    rank,
    sort_last,
    tally_cells,
)

__all__ = [
    "bincount",
    "count_missing",
    "counts_from_edges",
    "gammaincc",
    "matmul",
    "mean_std",
    "merge_ks_w1",
    "rank",
    "sort_last",
    "tally_cells",
]
