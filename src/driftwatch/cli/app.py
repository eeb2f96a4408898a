"""The commands as Typer sees them (layer 5).

Typer only parses here. A command returns the work as a callable and `main` runs it outside of Typer, because Typer
ends a broken pipe with exit code 1, which means drift, and turns an `EOFError` of a truncated file into an abort.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeAlias

import typer

from driftwatch.cli import options
from driftwatch.cli.alert_app import alert_app
from driftwatch.cli.dashboard_app import dashboard
from driftwatch.cli.explain_app import explain
from driftwatch.cli.history_app import history_app
from driftwatch.cli.metrics_app import metrics
from driftwatch.cli.profile_app import profile_app

__all__ = ["Action", "app"]

Action: TypeAlias = Callable[[], int]

EXIT_CODES = "Exit codes: 0 no drift, 1 drift, 2 could not run, 3 no verdict possible."

# Plain help: importing rich for it would double its time, and it reads the same in a log.
app = typer.Typer(
    name="driftwatch",
    help="Tell which features of a table have drifted since a reference, and by how much.",
    epilog=EXIT_CODES,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config_app = typer.Typer(help="Look at the settings.", rich_markup_mode=None)
app.add_typer(profile_app, name="profile")
app.add_typer(history_app, name="history")
app.add_typer(alert_app, name="alert")
app.add_typer(config_app, name="config")


def _example_names(incomplete: str) -> list[str]:
    from driftwatch.cli.demo import example_names

    return [name for name in example_names() if name.startswith(incomplete)]


def _shift_names(incomplete: str) -> list[str]:
    from driftwatch.simulate import SHIFTS

    return [name for name in SHIFTS if name.startswith(incomplete)]


@app.callback()
def root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
    debug: options.DebugOption = False,
) -> None:
    """Take the options that stand before a command."""
    # `main` looks for both in the arguments: the version must not wait for Typer, and --debug must work
    # even where parsing fails. They are declared for the help and for completion.
    del version, debug


@app.command(epilog=EXIT_CODES)
def check(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="REFERENCE CURRENT",
            help="The data to compare with, and the data to judge; - for standard input. With --profile the data to "
            "judge only: files, folders, patterns, URLs, windows (.dww).",
        ),
    ],
    *,
    profile: options.ProfileOption = None,
    format: options.FormatOption = None,  # noqa: A002 - the option's name
    output: options.OutputOption = None,
    quiet: options.QuietOption = False,
    features: options.FeaturesOption = None,
    exclude: options.ExcludeOption = None,
    kind: options.KindOption = None,
    prediction: options.PredictionOption = None,
    target: options.TargetOption = None,
    role: options.RoleOption = None,
    performance: options.PerformanceOption = None,
    alpha: options.AlphaOption = None,
    threshold: options.ThresholdOption = None,
    detectors: options.DetectorsOption = None,
    excess: options.ExcessOption = None,
    min_effect: options.MinEffectOption = None,
    min_samples: options.MinSamplesOption = None,
    correction: options.CorrectionOption = None,
    global_method: options.GlobalMethodOption = None,
    pvalues: options.PvaluesOption = None,
    n_permutations: options.PermutationsOption = None,
    block_length: options.BlockLengthOption = None,
    groups: options.GroupsOption = None,
    seed: options.PermutationSeedOption = None,
    confidence: options.ConfidenceOption = None,
    joint: options.JointOption = None,
    max_embedding_rows: options.MaxEmbeddingRowsOption = None,
    block_size: options.BlockSizeOption = None,
    fail_on: options.FailOnOption = None,
    on_insufficient: options.OnInsufficientOption = None,
    store: options.KeepOption = None,
    stream: options.KeepStreamOption = None,
    calibration: options.CalibrationOption = None,
    config: options.ConfigOption = None,
    debug: options.DebugOption = False,
) -> Action:
    """Compare CURRENT with REFERENCE, or with a profile of it, and say which features drifted.

    Reads CSV, TSV, JSON lines (also gzipped), Parquet, Arrow, Feather, NPY and NPZ.
    """
    from driftwatch.cli.check import run_check
    from driftwatch.cli.check_profile import run_check_profile

    del debug
    kinds = options.pairs("--kind", "NAME=KIND", kind)
    flags = {
        "alpha": alpha,
        "correction": correction,
        "global_method": global_method,
        "pvalues": pvalues,
        "n_permutations": n_permutations,
        "block_length": block_length,
        "groups": groups,
        "seed": seed,
        "confidence": confidence,
        "joint": options.joint(joint),
        "max_embedding_rows": max_embedding_rows,
        "block_size": block_size,
        "min_effect": min_effect,
        "min_samples": min_samples,
        "include": options.names("--features", features),
        "exclude": options.names("--exclude", exclude),
        "thresholds": options.pairs("--threshold", "STATISTIC=NUMBER", threshold),
        "features": None if kinds is None else {name: {"kind": value} for name, value in kinds.items()},
        "detectors": options.names("--detectors", detectors),
        "excess": excess,
        "roles": options.roles(role, prediction=prediction, target=target),
        "performance": options.pairs("--performance", "OPTION=VALUE", performance),
        "fail_on": fail_on,
        "on_insufficient": on_insufficient,
        "format": format,
    }
    if profile is not None:
        return partial(
            run_check_profile,
            files,
            profile_file=profile,
            flags=flags,
            config_file=config,
            calibration=calibration,
            kept_in=options.kept_in(store, stream),
            output=output,
            quiet=quiet,
        )
    return partial(
        run_check,
        *options.two(files, "check", "REFERENCE", "CURRENT"),
        flags=flags,
        config_file=config,
        calibration=calibration,
        kept_in=options.kept_in(store, stream),
        output=output,
        quiet=quiet,
    )


@app.command()
def calibrate(
    reference: Annotated[
        str, typer.Argument(metavar="REFERENCE", help="Rows without drift, in their order; - for standard input.")
    ],
    *,
    window: Annotated[str, typer.Option("--window", metavar="ROWS", help="Rows of a check to come.")],
    checks_per_day: Annotated[str, typer.Option("--checks-per-day", metavar="NUMBER", help="How many there will be.")],
    false_alarms_per_month: Annotated[
        str, typer.Option("--false-alarms-per-month", metavar="NUMBER", help="How many of them may be false alarms.")
    ],
    power: Annotated[
        str, typer.Option("--power", metavar="SHARE", help="Of the checks that see the smallest drift.")
    ] = "0.8",
    n_windows: Annotated[
        str, typer.Option("--n-windows", metavar="COUNT", help="Windows to measure on, if they fit.")
    ] = "100",
    seed: options.SeedOption = "0",
    format: Annotated[  # noqa: A002 - the option's name
        str, typer.Option("--format", "-f", metavar="table|json", help="How the result is written.")
    ] = "table",
    output: options.OutputOption = None,
    quiet: options.QuietOption = False,
    features: options.FeaturesOption = None,
    exclude: options.ExcludeOption = None,
    kind: options.KindOption = None,
    prediction: options.PredictionOption = None,
    target: options.TargetOption = None,
    role: options.RoleOption = None,
    alpha: options.AlphaOption = None,
    threshold: options.ThresholdOption = None,
    detectors: options.DetectorsOption = None,
    excess: options.ExcessOption = None,
    min_effect: options.MinEffectOption = None,
    min_samples: options.MinSamplesOption = None,
    correction: options.CorrectionOption = None,
    joint: options.JointOption = None,
    max_embedding_rows: options.MaxEmbeddingRowsOption = None,
    block_size: options.BlockSizeOption = None,
    config: options.ConfigOption = None,
    debug: options.DebugOption = False,
) -> Action:
    """Find the level that keeps false alarms as rare as asked for, and which drift checks will see.

    Everything is measured on windows left out of REFERENCE. `check --calibration FILE` uses the JSON.
    """
    from driftwatch.cli.calibrate import run_calibrate

    del debug
    kinds = options.pairs("--kind", "NAME=KIND", kind)
    asked = {
        "window": window,
        "checks_per_day": checks_per_day,
        "false_alarms_per_month": false_alarms_per_month,
        "power": power,
        "n_windows": n_windows,
        "seed": seed,
    }
    flags = {
        "alpha": alpha,
        "correction": correction,
        "joint": options.joint(joint),
        "max_embedding_rows": max_embedding_rows,
        "block_size": block_size,
        "min_effect": min_effect,
        "min_samples": min_samples,
        "include": options.names("--features", features),
        "exclude": options.names("--exclude", exclude),
        "thresholds": options.pairs("--threshold", "STATISTIC=NUMBER", threshold),
        "detectors": options.names("--detectors", detectors),
        "excess": excess,
        "features": None if kinds is None else {name: {"kind": value} for name, value in kinds.items()},
        "roles": options.roles(role, prediction=prediction, target=target),
    }
    return partial(
        run_calibrate,
        reference,
        asked=asked,
        flags=flags,
        config_file=config,
        format_name=format,
        output=output,
        quiet=quiet,
    )


@app.command()
def simulate(
    source: Annotated[str, typer.Argument(metavar="FILE", help="The data to put drift into; - for standard input.")],
    shift: Annotated[
        str, typer.Argument(metavar="SHIFT", help="Kind of drift, such as mean_shift.", autocompletion=_shift_names)
    ],
    *,
    strength: Annotated[
        str | None, typer.Option("--strength", metavar="NUMBER", help="How strong, in the unit of the shift.")
    ] = None,
    share: Annotated[
        str | None, typer.Option("--share", metavar="SHARE", help="Share of the rows that are affected. Default: 1.")
    ] = None,
    features: Annotated[
        list[str] | None,
        typer.Option("--features", metavar="NAMES", help="Features to touch, separated by commas. Default: all."),
    ] = None,
    extra: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What only this shift takes, as level=Oslo. Repeatable."),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option("--reference", metavar="FILE", help="Where the scale is taken from. Default: the data."),
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(
            "--schedule",
            metavar="sudden|gradual|incremental|recurring",
            help="When it sets in, over rows in the order of time. Default: all rows drift.",
        ),
    ] = None,
    start: Annotated[str | None, typer.Option("--start", metavar="ROW", help="Where a schedule begins.")] = None,
    stop: Annotated[str | None, typer.Option("--stop", metavar="ROW", help="From where on it is whole.")] = None,
    period: Annotated[str | None, typer.Option("--period", metavar="ROWS", help="Length of a recurrence.")] = None,
    seed: options.SeedOption = "0",
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to FILE; its ending is the format. Default: CSV."),
    ] = None,
    debug: options.DebugOption = False,
) -> Action:
    """Put a drift into data: see what a check would say of it.

    Shifts: mean_shift, scale, noise, quantile_shift, truncation, unit_change, missing_values, outliers,
    stuck_sensor, category_swap, level_shift, new_category, prior_shift, correlation_rotation, feature_swap.
    """
    from driftwatch.cli.simulate import run_simulate

    del debug
    return partial(
        run_simulate,
        source,
        shift=shift,
        options={"strength": strength, "share": share},
        features=options.names("--features", features),
        extra=options.pairs("--set", "NAME=VALUE", extra) or {},
        reference=reference,
        schedule=schedule,
        steps={"start": start, "stop": stop, "period": period},
        seed=seed,
        output=output,
    )


@app.command(epilog=EXIT_CODES)
def report(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A report written by `check --format json`; - for standard input.")
    ],
    *,
    format: options.FormatOption = None,  # noqa: A002 - the option's name
    output: options.OutputOption = None,
    fail_on: options.FailOnOption = None,
    config: options.ConfigOption = None,
    debug: options.DebugOption = False,
) -> Action:
    """Render a saved JSON report again.

    It ends with 0 whatever the report says, unless --fail-on drift is given.
    """
    from driftwatch.cli.report import run_report

    del debug
    flags = {"format": format, "fail_on": fail_on}
    return partial(run_report, file, flags=flags, config_file=config, output=output)


@app.command()
def demo(
    name: Annotated[
        str, typer.Argument(help="One of the example sets.", metavar="NAME", autocompletion=_example_names)
    ] = "flights",
    *,
    debug: options.DebugOption = False,
) -> Action:
    """Run a check on data that ships inside the package.

    It ends with 0 whatever it finds.
    """
    from driftwatch.cli.demo import run_demo

    del debug
    return partial(run_demo, name)


@app.command()
def watch(
    *,
    source: Annotated[
        str, typer.Option("--source", metavar="ADDRESS", help="redis://HOST/0?stream=KEY or kafka://HOST:9092/TOPIC.")
    ],
    profile: Annotated[str, typer.Option("--profile", metavar="FILE", help="The reference: a saved profile.")],
    store: options.StoreOption = None,
    every: Annotated[
        str | None, typer.Option("--every", metavar="TIME", help="From one window to the next, as 5m or 1h.")
    ] = None,
    rows: Annotated[
        str | None, typer.Option("--rows", metavar="COUNT", help="Windows of so many rows, in place of --every.")
    ] = None,
    window: Annotated[
        str | None, typer.Option("--window", metavar="TIME", help="Length of a window. Default: --every.")
    ] = None,
    lateness: Annotated[
        str | None, typer.Option("--lateness", metavar="TIME", help="How long a window waits for late rows.")
    ] = None,
    timestamp: Annotated[
        str | None, typer.Option("--timestamp", metavar="FIELD", help="The time of a row. Default: that of the broker.")
    ] = None,
    timestamp_unit: Annotated[
        str, typer.Option("--timestamp-unit", metavar="s|ms|us", help="Of numbers in that field.")
    ] = "s",
    stream: Annotated[
        str | None, typer.Option("--stream", metavar="NAME", help="Name in the store. Default: made of the source.")
    ] = None,
    decode: Annotated[
        str | None, typer.Option("--decode", metavar="MODULE:FUNCTION", help="From bytes to rows, in place of JSON.")
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        str, typer.Option("--format", "-f", metavar="line|ndjson", help="How a closed window is printed.")
    ] = "line",
    keep: Annotated[
        str | None, typer.Option("--keep", metavar="COUNT", help="Keep the newest checks of the stream. Default: all.")
    ] = None,
    retain: Annotated[
        str | None, typer.Option("--retain", metavar="TIME", help="Keep checks for so long, as 30d. Default: for ever.")
    ] = None,
    alerts: Annotated[
        bool, typer.Option("--alerts", help="Tell the receivers of the settings about what is wrong.")
    ] = False,
    quiet: options.QuietOption = False,
    alpha: options.AlphaOption = None,
    threshold: options.ThresholdOption = None,
    detectors: options.DetectorsOption = None,
    excess: options.ExcessOption = None,
    min_effect: options.MinEffectOption = None,
    min_samples: options.MinSamplesOption = None,
    correction: options.CorrectionOption = None,
    config: options.ConfigOption = None,
    debug: options.DebugOption = False,
) -> Action:
    """Count the messages of a stream in windows and print a line for each window that closes, until stopped.

    SIGTERM and Ctrl-C store what is counted, and the next start goes on there. It ends with 0 after SIGTERM whatever it
    found: the verdicts are in the lines and in the store.
    """
    from driftwatch.cli.watch import Cut, run_watch

    del debug
    flags = {
        "alpha": alpha,
        "correction": correction,
        "min_effect": min_effect,
        "min_samples": min_samples,
        "thresholds": options.pairs("--threshold", "STATISTIC=NUMBER", threshold),
        "detectors": options.names("--detectors", detectors),
        "excess": excess,
    }
    return partial(
        run_watch,
        source,
        profile,
        options.stored_in(store, config),
        cut=Cut(every, rows, window, lateness),
        timestamp=timestamp,
        timestamp_unit=timestamp_unit,
        stream=stream,
        decode=decode,
        retain=(keep, retain),
        alerts=alerts,
        format_name=format,
        quiet=quiet,
        flags=flags,
        config_file=config,
    )


app.command()(metrics)
app.command()(explain)
app.command()(dashboard)


@config_app.command("show")
def config_show(
    *,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Say that the outcome is meant, as it always is.")
    ] = False,
    config: options.ConfigOption = None,
    debug: options.DebugOption = False,
) -> Action:
    """Print the settings in force, as TOML, and where each of them was set."""
    from driftwatch.cli.config import run_config_show

    del resolved, debug
    return partial(run_config_show, config)
