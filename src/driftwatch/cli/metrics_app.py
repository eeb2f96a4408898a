"""`driftwatch metrics` as Typer sees it (layer 5)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeAlias

import typer

from driftwatch.cli import options

__all__ = ["metrics"]

Action: TypeAlias = Callable[[], int]


def metrics(
    *,
    store: options.StoreOption = None,
    top: Annotated[
        str, typer.Option("--top", metavar="COUNT|all", help="Features of each stream with series of their own.")
    ] = "200",
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Replace FILE in one step, for a textfile collector."),
    ] = None,
    serve: Annotated[
        str | None,
        typer.Option("--serve", metavar="[HOST:]PORT", help="Serve them at /metrics. HOST is 127.0.0.1 by default."),
    ] = None,
    debug: options.DebugOption = False,
) -> Action:
    """Write the last check of each stream, and what it has counted, in Prometheus' text format.

    It ends with 0 whatever the checks found.
    """
    from driftwatch.cli.metrics import run_metrics

    del debug
    return partial(run_metrics, options.stored_in(store), output=output, serve=serve, top=top)
