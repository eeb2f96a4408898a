"""`driftwatch profile versions` and `fetch` (layer 5), and how `accept` and `rollback` keep references in a store."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from driftwatch.cli.rendering import glyphs, terminal_width
from driftwatch.cli.stores import existing_store, whole_number
from driftwatch.cli.streams import check_destination, note, write_data, write_file
from driftwatch.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from driftwatch.profile.profile import Profile
    from driftwatch.report.text import Glyphs
    from driftwatch.store.model import Baseline

__all__ = ["KeptIn", "accepting", "fetched", "run_fetch", "run_versions"]

KeptIn: TypeAlias = tuple[str, str | None]  # a store, and the stream where it is named
_FORMATS = ("table", "json")


def run_versions(store: str, *, stream: str | None, format_name: str) -> int:
    """Print what is said of the references of a store, and return the exit code."""
    if format_name not in _FORMATS:
        raise UnknownNameError.from_names("value of `--format`", [format_name], _FORMATS)
    with existing_store(store) as opened:
        found = opened.baselines(stream)
    if format_name == "json":
        write_data(json.dumps([_facts(baseline) for baseline in found], indent=2))
    else:
        write_data(_render(found, terminal_width(), glyphs()) if found else "no references")
    return 0


def run_fetch(store: str, *, stream: str | None, version: str | None, output: str, quiet: bool) -> int:
    """Write a reference of a store to a file, and return the exit code."""
    number = None if version is None else whole_number("--version", version)
    check_destination(output, (store,))
    with existing_store(store) as opened:
        name = _stream(stream, [baseline.name for baseline in opened.baselines()])
        data = opened.baseline(name, number)
    write_file(output, data)
    if not quiet:
        note(f"wrote {output}: {name}" + ("" if number is None else f", version {number}"))
    return 0


@contextmanager
def accepting(kept_in: KeptIn, before: Profile, after: Profile) -> Iterator[str]:
    """Store both versions when the block ends, and nothing if it raises; give what to say of it."""
    from driftwatch.store.baselines import accept_baseline

    store, stream = kept_in
    with existing_store(store) as opened:
        name = _stream(stream, opened.streams())
        with opened.transaction() as transaction:
            accept_baseline(transaction, name, before=before, after=after)
            yield f", and both for {name} in the store"


def fetched(kept_in: KeptIn, version: int) -> Profile:
    """Return a version of a reference that a store has."""
    from driftwatch.store.baselines import load_baseline

    store, stream = kept_in
    with existing_store(store) as opened:
        return load_baseline(opened, _stream(stream, opened.streams()), version)


def _stream(stream: str | None, known: Sequence[str]) -> str:
    if stream is not None:
        return stream
    names = sorted(set(known))
    if len(names) != 1:
        there = f"has {', '.join(map(repr, names))}" if names else "has none yet"
        raise ConfigError(f"`--stream` must say whose reference it is, as the store {there}.")
    return names[0]


def _facts(baseline: Baseline) -> dict[str, str | int | None]:
    from driftwatch.store.over_time import written

    return {
        "stream": baseline.name,
        "version": baseline.version,
        "created": written(baseline.created),
        "who": baseline.who,
        "reason": baseline.reason,
        "n_rows": baseline.n_rows,
        "fingerprint": baseline.fingerprint,
    }


def _render(found: Sequence[Baseline], width: int, shapes: Glyphs) -> str:
    from driftwatch.report.text import printable, wrap
    from driftwatch.store.over_time import written

    lines: list[str] = []
    for baseline in found:
        why = f"{baseline.who or 'somebody'}, {baseline.n_rows:,} rows: {baseline.reason}"
        what = why if baseline.reason else f"as it was fitted, {baseline.n_rows:,} rows"
        head = f"{printable(baseline.name, shapes)}  {baseline.version}  {written(baseline.created)[:19]}  "
        lines += wrap(printable(what, shapes), width, first=head, indent=4, glyphs=shapes)
    return "\n".join(lines)
