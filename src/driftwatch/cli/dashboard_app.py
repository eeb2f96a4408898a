"""`driftwatch dashboard` as Typer sees it (layer 5)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeAlias

import typer

from driftwatch.cli import options

__all__ = ["dashboard"]

Action: TypeAlias = Callable[[], int]


def dashboard(
    *,
    store: options.StoreOption = None,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to listen; others than this machine need a token.")
    ] = "127.0.0.1",
    port: Annotated[str, typer.Option("--port", metavar="PORT", help="0 for any that is free.")] = "8050",
    token_file: Annotated[
        str | None,
        typer.Option(
            "--token-file",
            metavar="FILE",
            help="Holds the token that whoever looks has to show. Default: the variable DRIFTWATCH_DASHBOARD_TOKEN.",
        ),
    ] = None,
    root_path: Annotated[
        str, typer.Option("--root-path", metavar="PATH", help="What a proxy in front of it takes off the paths.")
    ] = "",
    streamlit: Annotated[
        bool, typer.Option("--streamlit", help="Show the page of Streamlit in place of it, on this machine.")
    ] = False,
    config: options.ConfigOption = None,
    debug: options.DebugOption = False,
) -> Action:
    """Show what a store holds in a browser: models, verdicts over time, reports, alerts. It only reads.

    It runs until Ctrl-C or SIGTERM, and ends with 0 after SIGTERM.
    """
    from driftwatch.cli.dashboard import run_dashboard

    del debug
    return partial(
        run_dashboard,
        options.stored_in(store, config),
        host=host,
        port=port,
        token_file=token_file,
        root_path=root_path,
        streamlit=streamlit,
    )
