"""The monitor that a file and the settings in force make (layer 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from driftwatch.config import Settings
    from driftwatch.monitor.monitor import Monitor

__all__ = ["build_monitor"]


def build_monitor(reference: str, settings: Settings, *, keep_rows: bool = True) -> Monitor:
    """Read a file, or standard input for `-`, and return a monitor with the settings."""
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
        min_effect=settings.min_effect,
        min_samples=settings.min_samples,
        per_feature=settings.per_feature(),
        roles=settings.roles,
        performance=settings.performance or None,
        keep_rows=keep_rows,
    )
