"""`driftwatch profile ...` as Typer sees it (layer 5): references in files, and windows that are counted on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeAlias

import typer

from driftwatch.cli import options

__all__ = ["profile_app"]

Action: TypeAlias = Callable[[], int]

profile_app = typer.Typer(help="Keep a reference in a small file, and count data on it.", rich_markup_mode=None)

_DATA = "Files, folders, patterns or URLs (s3://, gs://)."
OutputOption: TypeAlias = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")]
ProfileOption: TypeAlias = Annotated[
    str, typer.Option("--profile", metavar="FILE", help="The profile that is counted on, as ref.dwp.")
]
ShapeOption: TypeAlias = Annotated[str, typer.Option("--format", "-f", metavar="table|json", help="How it is written.")]
WhoOption: TypeAlias = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who says so. Default: the user of this process.")
]
ReasonOption: TypeAlias = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept in the profile.")
]
KeptOption: TypeAlias = Annotated[
    str | None, typer.Option("--store", metavar="FILE|URL", help="Keep both versions in this store too.")
]
StreamOption: TypeAlias = Annotated[
    str | None, typer.Option("--stream", metavar="NAME", help="Whose reference it is. Default: the only one there.")
]
QuietOption: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


@profile_app.command()
def build(
    reference: Annotated[list[str], typer.Argument(metavar="REFERENCE", help=_DATA)],
    *,
    output: OutputOption,
    points: Annotated[
        str,
        typer.Option("--points", metavar="COUNT|all", help="Values kept of a number. all: each one, as the column."),
    ] = "1024",
    min_count: Annotated[
        str, typer.Option("--min-count", metavar="ROWS", help="Labels of fewer rows are hashed.")
    ] = "10",
    redact: Annotated[
        list[str] | None,
        typer.Option("--redact", metavar="NAMES", help="Columns whose labels are all hashed. Repeatable."),
    ] = None,
    sample: Annotated[
        str,
        typer.Option("--sample", metavar="ROWS", help="Rows that the points are taken from. Default: up to 100000."),
    ] = "",
    seed: options.SeedOption = "0",
    features: options.FeaturesOption = None,
    exclude: options.ExcludeOption = None,
    kind: options.KindOption = None,
    joint: options.JointOption = None,
    config: options.ConfigOption = None,
    quiet: QuietOption = False,
    debug: options.DebugOption = False,
) -> Action:
    """Write the profile of a reference: counts, no rows.

    It may be larger than memory. It is read twice: for a sample, and to count every row.
    """
    from driftwatch.cli.profiles import run_build

    del debug
    kinds = options.pairs("--kind", "NAME=KIND", kind)
    flags = {
        "include": options.names("--features", features),
        "exclude": options.names("--exclude", exclude),
        "joint": options.joint(joint),
        "features": None if kinds is None else {name: {"kind": value} for name, value in kinds.items()},
    }
    asked = {"points": points, "min_count": min_count, "sample": sample, "seed": seed}
    redacted = options.names("--redact", redact) or []
    return partial(
        run_build, reference, asked=asked, redact=redacted, flags=flags, config_file=config, output=output, quiet=quiet
    )


@profile_app.command()
def inspect(
    file: Annotated[str, typer.Argument(metavar="PROFILE", help="A profile, as ref.dwp.")],
    *,
    format: ShapeOption = "table",  # noqa: A002 - the option's name
    debug: options.DebugOption = False,
) -> Action:
    """Show what a profile holds, and its history."""
    from driftwatch.cli.profiles import run_inspect

    del debug
    return partial(run_inspect, file, format_name=format)


@profile_app.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A profile.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="Another one.")],
    *,
    format: ShapeOption = "table",  # noqa: A002 - the option's name
    debug: options.DebugOption = False,
) -> Action:
    """Show how two profiles differ; it is no test."""
    from driftwatch.cli.profiles import run_diff

    del debug
    return partial(run_diff, before, after, format_name=format)


@profile_app.command()
def count(
    current: Annotated[list[str], typer.Argument(metavar="CURRENT", help=_DATA)],
    *,
    profile: ProfileOption,
    output: OutputOption,
    quiet: QuietOption = False,
    debug: options.DebugOption = False,
) -> Action:
    """Count data on a profile, into a window file (.dww)."""
    from driftwatch.cli.windows import run_count

    del debug
    return partial(run_count, current, profile_file=profile, output=output, quiet=quiet)


@profile_app.command()
def merge(
    windows: Annotated[list[str], typer.Argument(metavar="WINDOW", help="Window files (.dww).")],
    *,
    profile: ProfileOption,
    output: OutputOption,
    quiet: QuietOption = False,
    debug: options.DebugOption = False,
) -> Action:
    """Add up windows of one profile, in any order."""
    from driftwatch.cli.windows import run_merge

    del debug
    return partial(run_merge, windows, profile_file=profile, output=output, quiet=quiet)


@profile_app.command()
def accept(
    window: Annotated[str, typer.Argument(metavar="WINDOW", help="A window file (.dww).")],
    *,
    profile: ProfileOption,
    reason: ReasonOption,
    by: WhoOption = None,
    store: KeptOption = None,
    stream: StreamOption = None,
    quiet: QuietOption = False,
    debug: options.DebugOption = False,
) -> Action:
    """Make a window the reference of a profile.

    The version before is kept beside the file, as ref.v1.dwp. With --store, alerts of the stream end with the reason.
    """
    from driftwatch.cli.windows import run_accept

    del debug
    kept = None if store is None else (store, stream)
    return partial(run_accept, window, profile_file=profile, reason=reason, who=by, kept_in=kept, quiet=quiet)


@profile_app.command("rollback")
def roll_back(
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="The profile to change, as ref.dwp.")],
    *,
    reason: ReasonOption,
    to: Annotated[
        str | None, typer.Option("--to", metavar="VERSION", help="Which version. Default: the one before.")
    ] = None,
    by: WhoOption = None,
    store: KeptOption = None,
    stream: StreamOption = None,
    quiet: QuietOption = False,
    debug: options.DebugOption = False,
) -> Action:
    """Make an earlier version the reference again.

    It becomes a new version; the present one is kept beside the file, as ref.v2.dwp.
    """
    from driftwatch.cli.windows import run_roll_back

    del debug
    kept = None if store is None else (store, stream)
    return partial(run_roll_back, profile, to=to, reason=reason, who=by, kept_in=kept, quiet=quiet)


@profile_app.command()
def versions(
    *,
    store: options.StoreOption = None,
    stream: StreamOption = None,
    format: ShapeOption = "table",  # noqa: A002 - the option's name
    debug: options.DebugOption = False,
) -> Action:
    """List the references of a store: by whom and why."""
    from driftwatch.cli.baselines import run_versions

    del debug
    return partial(run_versions, options.stored_in(store), stream=stream, format_name=format)


@profile_app.command()
def fetch(
    *,
    output: OutputOption,
    store: options.StoreOption = None,
    stream: StreamOption = None,
    version: Annotated[
        str | None, typer.Option("--version", metavar="VERSION", help="Which one. Default: the newest.")
    ] = None,
    quiet: QuietOption = False,
    debug: options.DebugOption = False,
) -> Action:
    """Write a reference of a store to a file."""
    from driftwatch.cli.baselines import run_fetch

    del debug
    return partial(run_fetch, options.stored_in(store), stream=stream, version=version, output=output, quiet=quiet)
