"""`driftwatch profile build`, `inspect` and `diff` (layer 5): a reference in, a small file out, and what is in it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch.cli.counting import begin_rows, with_progress
from driftwatch.cli.options import count
from driftwatch.cli.profile_tables import render_diff, render_profile
from driftwatch.cli.progress import DelayedProgress
from driftwatch.cli.rendering import glyphs, terminal_width
from driftwatch.cli.settings import resolve
from driftwatch.cli.streams import check_destination, is_interactive, note, write_data
from driftwatch.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.config import Settings

__all__ = ["run_build", "run_diff", "run_inspect"]

FORMATS = ("table", "json")


def run_build(
    sources: Sequence[str],
    *,
    asked: Mapping[str, str],
    redact: Sequence[str],
    flags: Mapping[str, object],
    config_file: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Write the profile of a reference that may be larger than memory, and return the exit code.

    Parameters
    ----------
    sources : sequence of str
        Files, folders, patterns and URLs.
    asked : mapping of str to str
        "points", "min_count", "sample" and "seed", as text; a sample of "" is as large as usual.
    redact : sequence of str
    flags : mapping
        Settings given on the command line, by key; None where not given.
    config_file : str, optional
    output : str
    quiet : bool
    """
    points = None if asked["points"] == "all" else count("--points", asked["points"])
    min_count, seed = count("--min-count", asked["min_count"]), count("--seed", asked["seed"])
    n_sampled = None if not asked["sample"] else count("--sample", asked["sample"], least=1)
    settings = resolve(flags, config_file).settings
    joint = {"joint": None} if settings.joint is True else settings.joint or None
    check_destination(output, sources)

    from driftwatch.io.batches import find_batches, storages_of
    from driftwatch.profile.profile import Profile

    batches = find_batches(sources)
    with DelayedProgress(enabled=is_interactive(sys.stderr) and not quiet) as progress:
        progress.phase("sampling")
        columns = _chosen(settings, batches.names)
        sample = batches.sample(n_sampled, seed=seed, columns=columns, progress=progress.advance)
        begin_rows(progress, "counting", batches)
        profile = Profile.fit_batches(
            with_progress(batches.tables(columns=columns, storages=storages_of(sample)), progress),
            sample=sample,
            kinds={name: given.kind for name, given in settings.features.items() if given.kind is not None},
            names=columns,
            joint=joint,
            n_points=points,
            min_count=min_count,
            redact=redact,
        )
    profile.save(output)
    if not quiet:
        note(f"wrote {output}: {profile.n_rows:,} rows, {len(profile.features):,} features")
    return 0


def run_inspect(file: str, *, format_name: str) -> int:
    """Print what a profile holds, and return the exit code."""
    from driftwatch.profile.profile import Profile

    _check_format(format_name)
    profile = Profile.load(file)
    if format_name == "json":
        facts = {
            "version": profile.version,
            "n_rows": profile.n_rows,
            "hash": profile.hash,
            "history": [step.to_dict() for step in profile.history],
            "features": profile.describe(),
        }
        write_data(json.dumps(facts, indent=2))
    else:
        write_data(render_profile(profile, name=Path(file).name, width=terminal_width(), glyphs=glyphs()))
    return 0


def run_diff(before: str, after: str, *, format_name: str) -> int:
    """Print how two profiles differ, and return the exit code."""
    from driftwatch.profile.profile import Profile

    _check_format(format_name)
    found = Profile.load(before).diff(Profile.load(after))
    text = (
        json.dumps(found, indent=2)
        if format_name == "json"
        else render_diff(found, width=terminal_width(), glyphs=glyphs())
    )
    write_data(text)
    return 0


def _check_format(name: str) -> None:
    if name not in FORMATS:
        raise ConfigError(f"`--format` must be one of {', '.join(map(repr, FORMATS))}, got {name!r}.")


def _chosen(settings: Settings, names: Sequence[str]) -> list[str] | None:
    """Return the columns to keep; None for all, those that only later files have too."""
    ignored = {name for name, given in settings.features.items() if given.ignore} | set(settings.exclude)
    if settings.include is None and not ignored:
        return None
    known = names if settings.include is None else settings.include
    unknown = [name for name in known if name not in names]
    if unknown:
        raise UnknownNameError.from_names("feature", unknown, names)
    return [name for name in known if name not in ignored]
