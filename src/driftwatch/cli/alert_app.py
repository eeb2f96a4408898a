"""`driftwatch alert ...` as Typer sees it (layer 5): alerts, silences and the outbox."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeAlias

import typer

from driftwatch.cli import options

__all__ = ["alert_app"]

Action: TypeAlias = Callable[[], int]

alert_app = typer.Typer(
    help="Look at alerts, silence them, and try the way to those who are told.", rich_markup_mode=None
)

FormatOption: TypeAlias = Annotated[
    str, typer.Option("--format", "-f", metavar="table|ndjson", help="How it is written.")
]


@alert_app.command("test")
def send_test(*, config: options.ConfigOption = None, debug: options.DebugOption = False) -> Action:
    """Send a test message through every route, and print a line for each.

    It ends with 2 if one could not be delivered. Triggers start nothing.
    """
    from driftwatch.cli.alert_test import run_test

    del debug
    return partial(run_test, config)


@alert_app.command("list")
def list_alerts(
    *,
    store: options.StoreOption = None,
    format: FormatOption = "table",  # noqa: A002 - the option's name
    debug: options.DebugOption = False,
) -> Action:
    """List the alerts that fire or are about to, and the silences."""
    from driftwatch.cli.alerts import run_list

    del debug
    return partial(run_list, options.stored_in(store), format_name=format)


@alert_app.command()
def silence(
    matchers: Annotated[
        list[str],
        typer.Argument(metavar="MATCHER...", help="""What is muted: 'feature="age"', 'feature=~"test_.*"'."""),
    ],
    *,
    for_: Annotated[str, typer.Option("--for", metavar="TIME", help="How long: 2h, 7d.")],
    comment: Annotated[str, typer.Option("--comment", metavar="TEXT", help="Why, for the next reader.")],
    author: Annotated[str | None, typer.Option("--author", metavar="NAME", help="Who. Default: the user.")] = None,
    store: options.StoreOption = None,
    debug: options.DebugOption = False,
) -> Action:
    """Mute the alerts that all matchers hold for, from now on, and print the id of the silence."""
    from driftwatch.cli.alerts import run_silence

    del debug
    return partial(run_silence, options.stored_in(store), matchers, lasts=for_, comment=comment, author=author)


@alert_app.command()
def unsilence(
    silence_id: Annotated[str, typer.Argument(metavar="ID", help="As `alert list` has it.")],
    *,
    store: options.StoreOption = None,
    quiet: options.QuietOption = False,
    debug: options.DebugOption = False,
) -> Action:
    """End a silence now."""
    from driftwatch.cli.alerts import run_unsilence

    del debug
    return partial(run_unsilence, options.stored_in(store), silence_id, quiet=quiet)


@alert_app.command()
def forget(
    stream: Annotated[str, typer.Argument(metavar="STREAM", help="A stream that comes no more.")],
    *,
    store: options.StoreOption = None,
    quiet: options.QuietOption = False,
    debug: options.DebugOption = False,
) -> Action:
    """End the alerts of a stream that was given up, so that nobody hears that its data are absent."""
    from driftwatch.cli.alerts import run_forget

    del debug
    return partial(run_forget, options.stored_in(store), stream, quiet=quiet)


@alert_app.command()
def letters(
    *,
    store: options.StoreOption = None,
    state: Annotated[
        str | None, typer.Option("--state", metavar="waiting|delivered|dead", help="Of this state only.")
    ] = None,
    last: Annotated[str, typer.Option("--last", metavar="COUNT|all", help="The newest so many.")] = "20",
    format: FormatOption = "table",  # noqa: A002 - the option's name
    debug: options.DebugOption = False,
) -> Action:
    """List the messages of the outbox, newest first."""
    from driftwatch.cli.letters import run_letters

    del debug
    return partial(run_letters, options.stored_in(store), state=state, last=last, format_name=format)


@alert_app.command()
def requeue(
    letter_ids: Annotated[
        list[str], typer.Argument(metavar="ID...|all", help="Letters that were given up, as `alert letters` has them.")
    ],
    *,
    store: options.StoreOption = None,
    quiet: options.QuietOption = False,
    debug: options.DebugOption = False,
) -> Action:
    """Send messages again that were given up."""
    from driftwatch.cli.letters import run_requeue

    del debug
    return partial(run_requeue, options.stored_in(store), letter_ids, quiet=quiet)
