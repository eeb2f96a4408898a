"""`driftwatch history ...` as Typer sees it (layer 5): the checks that a store has."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeAlias

import typer

from driftwatch.cli import options

__all__ = ["history_app"]

Action: TypeAlias = Callable[[], int]

history_app = typer.Typer(help="Look at the checks that a store has.", rich_markup_mode=None)

StreamOption: TypeAlias = Annotated[
    str | None, typer.Option("--stream", metavar="NAME", help="Checks of this stream only.")
]
SinceOption: TypeAlias = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Stored since then: 7d for a week, or 2026-01-31.")
]


@history_app.command("list")
def list_checks(
    *,
    store: options.StoreOption = None,
    stream: StreamOption = None,
    last: Annotated[str, typer.Option("--last", metavar="COUNT|all", help="The newest so many.")] = "20",
    since: SinceOption = None,
    format: Annotated[  # noqa: A002 - the option's name
        str, typer.Option("--format", "-f", metavar="table|json|ndjson|csv", help="How it is written.")
    ] = "table",
    debug: options.DebugOption = False,
) -> Action:
    """List the stored checks, newest first."""
    from driftwatch.cli.history import run_list

    del debug
    return partial(run_list, options.stored_in(store), stream=stream, last=last, since=since, format_name=format)


@history_app.command()
def show(
    check: Annotated[
        str, typer.Argument(metavar="ID|latest", help="Number of a check, as `history list` has it.")
    ] = "latest",
    *,
    store: options.StoreOption = None,
    stream: StreamOption = None,
    format: options.FormatOption = None,  # noqa: A002 - the option's name
    output: options.OutputOption = None,
    config: options.ConfigOption = None,
    debug: options.DebugOption = False,
) -> Action:
    """Show the report of a stored check.

    It ends with 0 whatever the report says.
    """
    from driftwatch.cli.history import run_show

    del debug
    flags = {"format": format}
    return partial(
        run_show, options.stored_in(store), check, stream=stream, flags=flags, config_file=config, output=output
    )


@history_app.command()
def export(
    *,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file to write: .csv, .tsv, .jsonl, .parquet or .arrow. - writes CSV to standard output.",
        ),
    ] = "-",
    store: options.StoreOption = None,
    stream: StreamOption = None,
    since: SinceOption = None,
    quiet: options.QuietOption = False,
    debug: options.DebugOption = False,
) -> Action:
    """Write the statistics of every feature and stored check as one table, the oldest check first."""
    from driftwatch.cli.history import run_export

    del debug
    return partial(run_export, options.stored_in(store), output=output, stream=stream, since=since, quiet=quiet)


@history_app.command()
def prune(
    *,
    store: options.StoreOption = None,
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="TIME", help="Drop what was stored longer ago, as 30d.")
    ] = None,
    keep: Annotated[
        str | None, typer.Option("--keep", metavar="COUNT", help="Drop all but the newest of each stream.")
    ] = None,
    stream: StreamOption = None,
    quiet: options.QuietOption = False,
    debug: options.DebugOption = False,
) -> Action:
    """Drop old checks, and the letters of that time that were sent or given up.

    With both bounds, what is beyond either of them goes.
    """
    from driftwatch.cli.history import run_prune

    del debug
    return partial(run_prune, options.stored_in(store), older_than=older_than, keep=keep, stream=stream, quiet=quiet)
