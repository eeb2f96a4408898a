"""Write docs/calibration.md from docs/assets/calibration.json. Command: python docs/generate_calibration.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
RATES = DOCS / "assets" / "calibration.json"
PAGE = DOCS / "calibration.md"

Row = dict[str, Any]

INTRODUCTION = """\
# Calibration

<!-- written by docs/generate_calibration.py from docs/assets/calibration.json; edit neither this page nor the file -->

How often does driftwatch cry wolf? Every rate on this page comes out of a simulation without drift, `nox -s calibration`, which
writes [`calibration.json`](assets/calibration.json) and this page from it. The command beside a table simulates that table
alone. Each cell has a seed of its own (`benchmarks/calibration_data.py`), and in each replicate reference and current data are drawn afresh.

A rate is judged against its limit with four Monte-Carlo standard errors of its cell, because hundreds of cells are judged together:
"+-" is that standard error. A cell outside its limit is printed in bold, and fails the command.
"""

DATA = """\
Data: normal, lognormal (sigma 1), Cauchy, integers (Poisson of mean 1), zeros (90 % zeros, the rest exponential), and
categories of 2, 10 and 100 levels with Zipf's shares.
"""


def render(measured: dict[str, Any]) -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for name, title, text, table in SECTIONS:
        if name in measured:
            suite = measured[name]
            parts.append(f"## {title}\n\n{text}\n`{suite['command']}`\n\n{table(suite['rows'])}")
    parts.append(_machines(measured))
    return "\n".join(parts)


def _pvalues(rows: list[Row]) -> str:
    """Return one line per test, data and sizes, with a column for each level."""
    levels = sorted({row["cell"]["alpha"] for row in rows})
    cells: dict[tuple[str, str, int, int], dict[float, Row]] = {}
    for row in rows:
        cell = row["cell"]
        cells.setdefault((cell["test"], cell["data"], cell["n"], cell["m"]), {})[cell["alpha"]] = row
    head = ["test", "data", "n", "m", *(f"at {level:g}" for level in levels), "replicates"]
    lines = [
        [*map(_text, key), *(_rate(own[level]) for level in levels), _text(next(iter(own.values()))["replicates"])]
        for key, own in cells.items()
    ]
    return _table(head, lines)


def _reports(rows: list[Row]) -> str:
    """Return one line per data and sizes, with a column for each number of features and question."""
    columns = list(dict.fromkeys((row["cell"]["features"], row["cell"]["what"]) for row in rows))
    cells: dict[tuple[str, int, int], dict[tuple[int, str], Row]] = {}
    for row in rows:
        cell = row["cell"]
        cells.setdefault((cell["data"], cell["n"], cell["m"]), {})[cell["features"], cell["what"]] = row
    columns.sort(key=lambda column: (column[1] != "drift", column[0]))
    head = ["data", "n", "m", *(f"{what}, {d} feature{'s' if d > 1 else ''}" for d, what in columns)]
    lines = [
        [*map(_text, key), *(_rate(own[column]) if column in own else "" for column in columns)]
        for key, own in cells.items()
    ]
    return _table(head, lines)


def _peers(rows: list[Row]) -> str:
    present = [row for row in rows if "cell" in row]
    head = ["data", "n", "m", "library", "reports with an alarm", "features flagged", "its rule"]
    lines = [
        [
            *(_text(row["cell"][key]) for key in ("data", "n", "m")),
            f"{row['cell']['library']} {row['version']}",
            f"{row['alarms'] / row['replicates']:.2f}",
            f"{row['features'] / (row['replicates'] * row['per_report']):.4f}",
            row["does"],
        ]
        for row in sorted(present, key=lambda row: (row["cell"]["data"], row["cell"]["n"], row["cell"]["m"]))
    ]
    absent = [f"- {row['name']} was not measured: {row['reason']}" for row in rows if "cell" not in row]
    return _table(head, lines) + ("\n" + "\n".join(dict.fromkeys(absent)) + "\n" if absent else "")


def _sequential(rows: list[Row]) -> str:
    """Return the shares of runs with a false alarm, then the delays with a column for each detector."""
    alarms = [row for row in rows if row["kind"] != "delay"]
    head = ["without drift", "d", "detector", "runs", "batches", "share of runs with an alarm", "at most"]
    lines = [
        [
            row["kind"].removeprefix("false alarms").removeprefix(", ")
            + (": " if ", " in row["kind"] else "")
            + row["name"],
            _text(row["d"]),
            row["detector"],
            _text(row["result"]["runs"]),
            _text(row["result"]["of"]),
            _bold(f"{row['result']['share']:.4f} +- {_binomial_error(row['result']):.4f}", row["missed"]),
            "" if row["bound"] is None else f"{row['bound']:g}",
        ]
        for row in alarms
    ]
    waits = [row for row in rows if row["kind"] == "delay"]
    detectors = list(dict.fromkeys(row["detector"] for row in waits))
    cells: dict[tuple[str, int], dict[str, Row]] = {}
    for row in waits:
        cells.setdefault((row["name"], row["d"]), {})[row["detector"]] = row
    bounds = {
        key: next((row["bound"] for row in own.values() if row["bound"] is not None), None)
        for key, own in cells.items()
    }
    delays = [
        [
            f"{name} clean batches",
            _text(d),
            *(_delay(own[detector]) if detector in own else "" for detector in detectors),
            "" if bounds[name, d] is None else f"{bounds[name, d]:g}",
        ]
        for (name, d), own in cells.items()
    ]
    return (
        _table(head, lines)
        + "\nMedian delay / 90 % quantile in batches; - where it was not seen within 60.\n\n"
        + _table(["drift", "d", *detectors, "median at most"], delays)
    )


def _binomial_error(result: Row) -> float:
    return float((result["share"] * (1.0 - result["share"]) / result["runs"]) ** 0.5)


def _delay(row: Row) -> str:
    median, late = (row["result"][key] for key in ("median", "q90"))
    return _bold(" / ".join("-" if wait is None else f"{wait:g}" for wait in (median, late)), row["missed"])


def _embeddings(rows: list[Row]) -> str:
    """Return one line per set, window and share of drifted rows, with a column for each test."""
    tests = list(rows[0]["rates"])
    leads = [key for key in rows[0] if key.startswith("ahead of ")]
    lines = [
        [
            *(_text(row[key]) for key in ("set", "window", "share", "runs")),
            *(f"{row['rates'][test]:.3f}" for test in tests),
            *(f"{row[lead]['mean']:+.3f} +- {row[lead]['error']:.3f}" for lead in leads),
        ]
        for row in rows
    ]
    return _table(["set", "window", "share drifted", "runs", *tests, *leads], lines)


def _rate(row: Row) -> str:
    return _bold(f"{row['rate']:.4f} +- {row['error']:.4f}", row["missed"])


def _bold(text: str, missed: bool) -> str:
    return f"**{text}**" if missed else text


def _text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _machines(measured: dict[str, Any]) -> str:
    versions = dict.fromkeys(
        ", ".join(f"{key} {value}" for key, value in suite["machine"].items()) for suite in measured.values()
    )
    return "## Versions\n\n" + "\n".join(f"- {line}" for line in versions) + "\n"


SECTIONS = (
    (
        "pvalues",
        "Every p-value that a verdict uses",
        "The share of p-values at or below .01, .05 and .1. It may not exceed the level, and for continuous data from 200 rows on it "
        "may not fall below 0.7 of the level that the lattice of D allows.\n\n" + DATA,
        _pvalues,
    ),
    (
        "reports",
        "Whole reports of the default `Monitor`",
        (
            '"significant": the share of reports in which any corrected p-value is at most alpha = 0.05. "drift": in which any feature '
            "drifted, which must be material too. Neither may exceed alpha. The mixed table has all kinds of data in turn, and misses 5 % of the "
            "values in every fifth feature.\n"
        ),
        _reports,
    ),
    (
        "peers",
        "Other libraries on the same data",
        (
            "At their defaults, each in an environment of its own, on 20 pairs of tables of 50 features without drift. Their rules are not meant "
            "for the same question; the table says what somebody sees who leaves them as they come.\n"
        ),
        _peers,
    ),
    (
        "sequential",
        "`SequentialMonitor` and detectors of streams",
        (
            "A reference of 1,000 rows drawn afresh in every run, batches of 20, alpha = 0.05. The share of runs that ever raised an "
            "alarm, with its Monte-Carlo error; then the wait for drifts of several kinds. Detectors that know no reference have "
            "river's settings but for one, set so that at most 5 % of runs on normal data had a false alarm over 1,000 batches.\n"
        ),
        _sequential,
    ),
    (
        "embeddings",
        "Embeddings: power at equal false-alarm rate",
        (
            "The share of windows in which drift was found. Sets: `sotu`, sentence embeddings of later speeches; images with a changed mix of "
            "labels, flipped, noisy or dimmed. 400 rows of reference. Each test sees the same rows; those of alibi-detect are its "
            'statistics with permutations, so that all have the same rate of false alarms (share 0). "ahead" is the mean difference '
            "of `Monitor`'s verdict and its error.\n"
        ),
        _embeddings,
    ),
)


if __name__ == "__main__":
    PAGE.write_text(render(json.loads(RATES.read_text(encoding="utf-8"))), encoding="utf-8")
