"""`driftwatch history` (layer 5): what a store has, as a list, a report or one table over time."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import time
from typing import TYPE_CHECKING, Any

from driftwatch.cli.history_table import render_checks
from driftwatch.cli.rendering import deliver, glyphs, terminal_width
from driftwatch.cli.settings import resolve
from driftwatch.cli.stores import existing_store, period_of, whole_number
from driftwatch.cli.streams import STDIO, check_destination, note, write_data, write_file
from driftwatch.errors import ConfigError, InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from driftwatch.store.model import Run
    from driftwatch.store.protocol import Store

__all__ = ["run_export", "run_list", "run_prune", "run_show"]


def run_list(store: str, *, stream: str | None, last: str, since: str | None, format_name: str) -> int:
    """Print the stored checks, newest first, and return the exit code."""
    if format_name not in _WRITERS:
        raise UnknownNameError.from_names("value of `--format`", [format_name], _WRITERS)
    limit = None if last == "all" else whole_number("--last", last)
    begin = None if since is None else _since(since)
    with existing_store(store) as opened:
        rows = [_facts(run, opened.report(run.id)) for run in opened.runs(stream, limit=limit, since=begin)]
        if not rows and stream is not None:
            _check_stream(opened, stream)
    write_data(_WRITERS[format_name](rows))
    if format_name == "table" and limit is not None and len(rows) == limit:
        note(f"the newest {limit}; `--last all` has all of them")
    return 0


def run_show(
    store: str,
    check: str,
    *,
    stream: str | None,
    flags: Mapping[str, object],
    config_file: str | None,
    output: str | None,
) -> int:
    """Render the report of a stored check and return the exit code."""
    from driftwatch.report.model import DriftReport

    number = None if check == "latest" else whole_number("ID", check)
    settings = resolve(flags, config_file).settings
    check_destination(output, (store,), settings.format)
    with existing_store(store) as opened:
        if number is None:
            newest = opened.runs(stream, limit=1)
            if not newest:
                raise InputError(f"the store {store!r} has no checks" + (f" of {stream!r}." if stream else "."))
            number = newest[0].id
        text = opened.report(number)
    try:
        report = DriftReport.from_json(text)
    except InputError:
        raise InputError(f"check {number} has no report: {_problem(text)}") from None
    deliver(report, settings.format, output=output, quiet=False)
    return 0


def run_export(store: str, *, output: str, stream: str | None, since: str | None, quiet: bool) -> int:
    """Write the statistics of all stored checks as one table and return the exit code."""
    import pyarrow as pa

    from driftwatch.io.writers import encode

    begin = None if since is None else _since(since)
    check_destination(output, (store,))
    with existing_store(store) as opened:
        runs = opened.runs(stream, since=begin)[::-1]
        # one check at a time: a thousand of them with a thousand features each must fit into memory
        tables = [pa.Table.from_pylist(rows) for run in runs if (rows := _statistics(run, opened.report(run.id)))]
        if not runs and stream is not None:
            _check_stream(opened, stream)
    if not tables:
        raise InputError(f"the store {store!r} has no checks with statistics to write.")
    table = pa.concat_tables(tables, promote_options="permissive")
    if output == STDIO:
        write_data(encode(table, ".csv").decode())
        return 0
    write_file(output, encode(table, output))
    if not quiet:
        note(f"wrote {output}: {len(tables):,} checks, {table.num_rows:,} rows")
    return 0


def run_prune(store: str, *, older_than: str | None, keep: str | None, stream: str | None, quiet: bool) -> int:
    """Drop old checks and return the exit code."""
    if older_than is None and keep is None:
        raise ConfigError("give `--older-than TIME`, such as 30d, or `--keep COUNT`, or both.")
    age = None if older_than is None else period_of("--older-than", older_than)
    newest = None if keep is None else whole_number("--keep", keep, least=0)
    removed = 0
    with existing_store(store) as opened:
        if stream is not None:
            _check_stream(opened, stream)
        if age is not None:
            removed += opened.prune(before=_ago(age), stream=stream)
        if newest is not None:
            removed += opened.prune(keep=newest, stream=stream)
    if not quiet:
        note(f"dropped {removed:,} checks")
    return 0


def _facts(run: Run, report: str) -> dict[str, Any]:
    from driftwatch.store.over_time import place_of, stored_window, written

    window, _ = stored_window(run, report)
    return {
        "id": run.id,
        "stream": run.stream,
        "scope": run.key.scope,
        "start": place_of(run, run.key.start),
        "stop": place_of(run, run.key.stop),
        "created": written(run.created),
        "n_rows": run.n_rows,
        "verdict": run.verdict,
        "n_features": len(window.statistics or {}),
        "n_drifted": len(window.drifted),
        "drifted": list(window.drifted),
        "reason": window.reason,
    }


def _statistics(run: Run, report: str) -> list[dict[str, Any]]:
    from driftwatch.store.over_time import stored_window

    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    window, _ = stored_window(run, report)
    by_time = run.key.is_time
    places = {
        name: epoch + dt.timedelta(microseconds=at) if by_time else at
        for name, at in (("start", run.key.start), ("stop", run.key.stop))
    }
    place = places if by_time else {"partition": run.key.scope, **{f"{name}_row": at for name, at in places.items()}}
    return [
        {"check": run.id, "stream": run.stream, **place, "n_rows": run.n_rows, "verdict": run.verdict}
        | {"feature": name, **values}
        for name, values in (window.statistics or {}).items()
    ]


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    return render_checks(rows, width=terminal_width(), glyphs=glyphs())


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, "drifted": ", ".join(row["drifted"])})
    return out.getvalue()


def _json_lines(rows: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(list(rows), indent=2)


_COLUMNS = (
    *("id", "stream", "scope", "start", "stop", "created", "n_rows", "verdict"),
    *("n_features", "n_drifted", "drifted", "reason"),
)
_WRITERS: dict[str, Callable[[Sequence[Mapping[str, Any]]], str]] = {
    "table": _table,
    "json": _json,
    "ndjson": _json_lines,
    "csv": _csv,
}


def _since(text: str) -> int:
    """Return the time that a length of time ago was, or that is written out, as a store has it."""
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        return _ago(period_of("--since", text))
    return int(at.timestamp() * 1_000_000)


def _ago(period: int) -> int:
    return int(time.time() * 1e6) - period


def _problem(text: str) -> str:
    try:
        return f"it failed. {json.loads(text)['error']}"
    except (ValueError, TypeError, KeyError):
        return "what is stored cannot be read."


def _check_stream(store: Store, stream: str) -> None:
    known = sorted({run.stream for run in store.runs()} | set(store.streams()))
    if stream not in known:
        raise UnknownNameError.from_names("stream", [stream], known)
