"""`driftwatch profile count`, `merge`, `accept` and `rollback` (layer 5): windows, and references that they become."""

from __future__ import annotations

import getpass
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch.cli.baselines import accepting, fetched
from driftwatch.cli.counting import counted, read_window
from driftwatch.cli.progress import DelayedProgress
from driftwatch.cli.streams import check_destination, is_interactive, note, write_file
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.cli.baselines import KeptIn
    from driftwatch.profile.profile import Profile
    from driftwatch.profile.window import Window

__all__ = ["run_accept", "run_count", "run_merge", "run_roll_back"]


def run_count(sources: Sequence[str], *, profile_file: str, output: str, quiet: bool) -> int:
    """Count files on a profile, write the window and return the exit code."""
    from driftwatch.profile.profile import Profile

    check_destination(output, [*sources, profile_file])
    profile = Profile.load(profile_file)
    with DelayedProgress(enabled=is_interactive(sys.stderr) and not quiet) as progress:
        window = counted(profile, sources, progress)
    return _deliver(window, output, quiet=quiet)


def run_merge(windows: Sequence[str], *, profile_file: str, output: str, quiet: bool) -> int:
    """Add up the windows in files, write the sum and return the exit code."""
    from driftwatch.profile.profile import Profile
    from driftwatch.profile.window import Window

    check_destination(output, [*windows, profile_file])
    profile = Profile.load(profile_file)
    total = sum((read_window(source, profile) for source in windows), Window(profile))
    return _deliver(total, output, quiet=quiet)


def run_accept(
    window: str, *, profile_file: str, reason: str, who: str | None, kept_in: KeptIn | None = None, quiet: bool
) -> int:
    """Make a window the reference of a profile, keep the old one beside it and return the exit code.

    Parameters
    ----------
    window, profile_file : str
    reason : str
    who : str, optional
    kept_in : tuple, optional
        A store and the name of a stream in it, which keep both versions as well.
    quiet : bool
    """
    from driftwatch.profile.profile import Profile

    profile = Profile.load(profile_file)
    after = profile.accept(read_window(window, profile), reason=reason, who=who or _user())
    return _replace(profile_file, profile, after, kept_in=kept_in, quiet=quiet)


def run_roll_back(
    profile_file: str, *, to: str | None, reason: str, who: str | None, kept_in: KeptIn | None = None, quiet: bool
) -> int:
    """Make a version that was kept the reference again, keep the present one and return the exit code.

    Parameters
    ----------
    profile_file : str
    to : str, optional
        The version, as text.
    reason : str
    who : str, optional
    kept_in : tuple, optional
        As for `run_accept`. Where the version is not beside the file, it comes from there.
    quiet : bool
    """
    from driftwatch.profile.profile import Profile

    profile = Profile.load(profile_file)
    version = profile.version - 1 if to is None else _version(to)
    if not 1 <= version < profile.version:
        raise ConfigError(
            f"a version from 1 to {profile.version - 1} can come back, as {profile_file!r} is version {profile.version}; "
            f"got {version}. `driftwatch profile inspect` shows its history."
        )
    path = _kept(profile_file, version)
    earlier = fetched(kept_in, version) if kept_in is not None and not path.exists() else Profile.load(path)
    after = profile.roll_back(earlier, reason=reason, who=who or _user())
    return _replace(profile_file, profile, after, kept_in=kept_in, quiet=quiet)


def _deliver(window: Window, output: str, *, quiet: bool) -> int:
    write_file(output, window.to_bytes())
    if not quiet:
        note(f"wrote {output}: {window.n_rows:,} rows")
    return 0


def _replace(profile_file: str, before: Profile, after: Profile, *, kept_in: KeptIn | None, quiet: bool) -> int:
    """Keep a version beside the file and put the next one into its place: at every moment the file is one of both."""
    kept = _kept(profile_file, before.version)
    with nullcontext("") if kept_in is None else accepting(kept_in, before, after) as also:
        before.save(kept)
        after.save(profile_file)
    if not quiet:
        note(
            f"wrote {profile_file}: version {after.version}, {after.n_rows:,} rows; kept version {before.version} as "
            f"{kept}{also}"
        )
    return 0


def _kept(profile_file: str, version: int) -> Path:
    path = Path(profile_file)
    return path.with_name(f"{path.stem}.v{version}{path.suffix}")


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may have no name for its user
        return None


def _version(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ConfigError(f"`--to` must be a version, as 1, got {text!r}.")
    return int(text)
