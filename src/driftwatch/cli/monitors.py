"""The monitor that a file and the settings in force make (layer 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from driftwatch.config import Settings
    from driftwatch.monitor.monitor import Monitor

__all__ = ["build_monitor"]


def build_monitor(reference: str, settings: Settings, *, keep_rows: bool = True) -> Monitor:
    """Read a file, or standard input for `-`, and return a monitor with the settings; permutations keep the rows anyway."""
    from driftwatch import io
    from driftwatch.monitor.monitor import Monitor

    # no name is bound to the table: where the rows are not kept, its memory is free before another one is read
    return Monitor(
        io.read(reference),
        features=settings.include,
        detectors=settings.detectors,
        thresholds=settings.thresholds,
        excess=settings.excess,
        alpha=settings.alpha,
        correction=settings.correction,
        global_method=settings.global_method,
        pvalues=settings.pvalues,
        n_permutations=settings.n_permutations,
        block_length=settings.block_length,  # type: ignore[arg-type]  # text is "auto", by its key
        groups=settings.groups,
        seed=settings.seed,
        confidence=settings.confidence,
        min_effect=settings.min_effect,
        min_samples=settings.min_samples,
        joint=settings.joint,
        max_embedding_rows=settings.max_embedding_rows,
        block_size=settings.block_size,
        per_feature=settings.per_feature(),
        roles=settings.roles,
        performance=settings.performance or None,
        keep_rows=keep_rows or settings.pvalues == "permutation",
    )
