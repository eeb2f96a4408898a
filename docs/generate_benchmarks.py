"""Write docs/benchmarks.md and its plots from docs/assets/benchmarks.json. Command: python docs/generate_benchmarks.py."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
FIGURES = DOCS / "assets" / "benchmarks.json"
PAGE = DOCS / "benchmarks.md"
PLOTS = {"along_n": "benchmarks-n.svg", "along_d": "benchmarks-d.svg"}
LIMITS = ("sum", "np.sort", "sort")
PLOTTED = ("sum", "np.sort", "psi", "ks_2samp", "wasserstein_distance", "Monitor.check", "scipy loop")

Figure = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """A part of the page: one group of figures of one suite, and what there is to know about it."""

    suite: str
    group: str
    title: str
    text: str


SECTIONS = (
    Section(
        "ratios",
        "ks_wasserstein",
        "KS and Wasserstein, 100,000 x 100",
        'Against a loop over the columns with `scipy.stats.ks_2samp(method="asymp")` and `wasserstein_distance`, '
        "timed on 4 of the 100 columns and scaled. Without p-values, the lines of `ks_2samp` that lead to its "
        "statistic stand in for it.",
    ),
    Section(
        "ratios",
        "psi",
        "PSI in ten bins, 100,000 x 100",
        "Against a loop with `numpy.quantile` and two `numpy.histogram` for each column, as PSI is usually written, on "
        "4 of the 100 columns and scaled. The fitted loop keeps the quantiles and the histogram of the reference, as "
        "driftwatch does.",
    ),
    Section(
        "ratios", "counting_pass", "Counting into ten bins, against one `sum`", "The part of PSI that reads the data."
    ),
    Section(
        "ratios",
        "check",
        "A whole check, 100,000 x 100",
        "`Monitor.check` of a numpy array, with KS and its p-values, Wasserstein, PSI, Jensen-Shannon, total variation "
        "and the verdict, against the scipy loop, which computes the first two.",
    ),
    Section(
        "ratios",
        "features",
        "Many features",
        "`Monitor.check` of 20,000 rows of float32. A tool whose time per feature grows is unusable on wide tables.",
    ),
    Section(
        "array_libraries",
        "array_libraries",
        "PyTorch and JAX on the CPU, KS and Wasserstein, 10,000 x 256 float32",
        "Statistics only, against the scipy loop of above (16 of 256 columns, scaled). `sum` and `sort` are the "
        "library's own; under `jax.jit` its sort is the limit.",
    ),
    Section(
        "other_libraries",
        "peers",
        "Other libraries, 50,000 x 20 float64",
        "Each runs in a virtual environment of its own, in processes of its own, on the same two files; its reference "
        "is fitted beforehand where it can be. Driftwatch runs before each of them and takes a pandas table. "
        "KS statistics of those that return them agree with driftwatch's to 1e-6. They do not do the same work: the "
        "last column says what each call computes.",
    ),
    Section(
        "memory",
        "memory",
        "Peak extra memory of a check",
        "By how much one `Monitor.check` raises the resident memory of its process at the peak, over the size of the "
        "current data.",
    ),
    Section(
        "scaling",
        "along_n",
        "Time against the number of rows, 2 features",
        "The public kernels with their default options, float32, current data shifted by 0.02. They order both "
        "samples in each call; `sum` and `np.sort` are those of both samples. `Monitor.check` has ordered its reference "
        "before and computes every statistic. A size is left out where a call would take over 10 s.",
    ),
    Section("scaling", "along_d", "Time against the number of features, 10,000 rows", "As above."),
    Section(
        "scaling",
        "along_counts",
        "Kernels on counts, against the number of features, 10 levels",
        "Two tables of integer counts; nothing is read but those.",
    ),
    Section("cold_start", "", "What somebody waits who types one command", "Fresh processes, medians of five."),
    Section("large_files", "", "Large files", "Two Parquet files of 1,000,000 x 50 float64, in one fresh process."),
    Section(
        "ops_cpu",
        "",
        "Primitives",
        "The implementations for NumPy and Numba beside the limits and the generic definitions, per value. Each override "
        "of `ops/_catalog.py` gives its reason from here.",
    ),
    Section(
        "embeddings",
        "embeddings",
        "Embeddings",
        "Maximum mean discrepancy with its permutation test, beside alibi-detect's on PyTorch with as many permutations, and "
        "the default check of one embedding, which keeps 2,000 rows of a side.",
    ),
    Section(
        "windows",
        "update",
        "Counting into a window, 100,000 x 100 float32",
        "`Window.update` against `Monitor.check` of the same rows, which sorts them. Deciles only is "
        "`Profile.fit(n_points=0)`. With points and sums a window is slower than one check, and it adds.",
    ),
)

INTRODUCTION = """\
# Benchmarks

<!-- written by docs/generate_benchmarks.py from docs/assets/benchmarks.json; edit neither this page nor the file -->

Every figure on this page comes from one command, `nox -s bench`, which measures, writes
[`benchmarks.json`](assets/benchmarks.json) and writes this page from it. The command beside a table measures that table
alone.

Method
:   The reference is standard normal, the current data are shifted by 0 or by 0.02. The reference is fitted beforehand
    and the first call is not counted, except where a table says so; `driftwatch.warmup()` has loaded the compiled code,
    as a service does. Works that are compared take turns in one process, or run in neighbouring processes, and the
    median of each counts. Ratios carry over to other machines; times do not.

Limits
:   `sum` is one read of the data with `numpy.sum`, and `np.sort` is numpy's sort of every column, both on one thread.
    A statistic of the bins cannot be faster than the first, and one of the exact order is usually slower than the
    second. "of sum" is the time of the limit over ours: 50 % means that we take twice as long as one read. Above 100 %
    we are faster than that, by using both cores, or by not sorting.

Two settings of numpy's sort
:   On some processors (AMD Zen 4 among them) numpy's AVX-512 sort is several times slower than its AVX2 sort, which
    `NPY_DISABLE_CPU_FEATURES` brings back. scipy's loops spend much of their time in it, so the ratios are given under
    both: "default" is what users get, "AVX2" is with AVX-512 switched off.
"""


def render(measured: dict[str, Any]) -> str:
    """Return the page."""
    parts = [INTRODUCTION, _aims(measured)]
    for section in SECTIONS:
        if section.suite not in measured:
            continue
        suite = measured[section.suite]
        figures = [figure for figure in suite["figures"] if figure.get("group", "") == section.group]
        present = [figure for figure in figures if "absent" not in figure]
        parts.append(f"## {section.title}\n\n{section.text}\n\n`{suite['command']}`\n")
        if present:
            parts.append(_body(section, present, suite["figures"]))
        absent = [
            f"- {figure['name']} was not measured: {figure['absent']}" for figure in figures if "absent" in figure
        ]
        if absent:
            parts.append("\n".join(absent) + "\n")
    parts.append(_machines(measured))
    return "\n".join(parts)


def _body(section: Section, figures: list[Figure], suite: list[Figure]) -> str:
    if section.suite == "scaling":
        plot = f"![{section.title}](assets/{PLOTS[section.group]})\n\n" if section.group in PLOTS else ""
        return plot + _grid(figures, "d" if section.group != "along_n" else "n")
    if section.group == "peers":
        memory = {f["name"]: f["value"] for f in suite if f.get("group") == "peers_memory"}
        return _peers(figures, memory)
    compared = [figure for figure in figures if figure.get("times") and figure["unit"].startswith("x")]
    alone = [figure for figure in figures if figure not in compared]
    return "\n".join([*([_comparison(compared)] if compared else []), *([_values(alone)] if alone else [])])


def _aims(measured: dict[str, Any]) -> str:
    """Return one row per bound that the project sets itself, with the worst figure under it."""
    rows = []
    for section in SECTIONS:
        figures = [
            figure
            for figure in measured.get(section.suite, {}).get("figures", [])
            if figure.get("group", "") == section.group and ("floor" in figure or "bound" in figure)
        ]
        rows += [
            [f"{section.title}: {f['name']}" if f["name"] != section.title else f["name"], _aim(f), _value(f), _met(f)]
            for f in figures
        ]
    return "## What the project sets itself\n\n" + _table(["figure", "aim", "measured", ""], rows)


def _comparison(figures: list[Figure]) -> str:
    """Return times side by side, the ratio, and what share of the limits ours reaches."""
    sides = list(dict.fromkeys(key for figure in figures for key in figure["times"]))
    settings = any(figure.get("detail", "").startswith("np.sort: ") for figure in figures)
    limits = [key for key in sides if key in LIMITS and any("driftwatch" in f["times"] for f in figures)]
    head = [
        "",
        *(["setting of numpy's sort"] if settings else []),
        *sides,
        "ratio",
        *(f"of {limit}" for limit in limits),
    ]
    rows = []
    for figure in figures:
        times = figure["times"]
        setting = [figure.get("detail", "").removeprefix("np.sort: ")] if settings else []
        shares = [_percent(times[limit] / times["driftwatch"]) for limit in limits]
        rows.append([figure["name"], *setting, *(_ms(times[side]) for side in sides), _value(figure), *shares])
    return _table(head, rows)


def _peers(figures: list[Figure], memory: dict[str, float]) -> str:
    head = [
        "",
        "its time",
        "its first call",
        "driftwatch",
        "ratio",
        "its extra memory",
        "driftwatch's",
        "one call computes",
    ]
    rows = []
    for figure in figures:
        times, name = figure["times"], figure["name"]
        ours = memory[f"driftwatch, {name.rsplit(', ', 1)[1]}"]
        extra = [f"{memory[name]:.0f} MB", f"{ours:.0f} MB"]
        seconds = [_ms(times[key]) for key in ("peer", "peer, first call", "driftwatch")]
        rows.append([name, *seconds, _value(figure), *extra, figure["detail"]])
    limits = figures[0]["times"]
    read, sort = limits["sum"], limits["np.sort"]
    ours = limits["driftwatch"]
    return _table(head, rows) + (
        f"\nThe limits for these data: one `sum` {_ms(read)} ({_percent(read / ours)} of driftwatch's time), `np.sort` "
        f"{_ms(sort)} ({_percent(sort / ours)}).\n"
    )


def _grid(figures: list[Figure], axis: str) -> str:
    """Return kernels as rows and sizes as columns."""
    sizes = sorted({figure["at"][axis] for figure in figures})
    found = {(figure["detail"], figure["at"][axis]): figure["value"] for figure in figures}
    kernels = list(dict.fromkeys(figure["detail"] for figure in figures))
    cells = [[_number(found[k, size]) + " ms" if (k, size) in found else "-" for size in sizes] for k in kernels]
    head = ["", *(f"{axis} = {size:,}" for size in sizes)]
    limits = [kernel for kernel in kernels if kernel in LIMITS]
    for kernel, row in zip(kernels, cells, strict=True):
        largest = max(size for size in sizes if (kernel, size) in found)
        row += [_percent(found[limit, largest] / found[kernel, largest]) for limit in limits]
    head += [f"of {limit}, largest {axis}" for limit in limits]
    return _table(head, [[f"`{kernel}`", *row] for kernel, row in zip(kernels, cells, strict=True)])


def _values(figures: list[Figure]) -> str:
    rows = [[f["name"], _value(f), _aim(f), _met(f), f.get("detail", "")] for f in figures]
    return _table(["", "measured", "aim", "", ""], rows)


def _machines(measured: dict[str, Any]) -> str:
    """Return what the suites were measured on; suites that share a machine share a row."""
    suites: dict[str, list[str]] = {}
    for name, suite in measured.items():
        suites.setdefault(", ".join(f"{key} {value}" for key, value in suite["machine"].items()), []).append(name)
    rows = [[", ".join(f"`{name}`" for name in names), about] for about, names in suites.items()]
    return "## Machine\n\n" + _table(["suites", "measured on"], rows)


def _aim(figure: Figure) -> str:
    if "floor" in figure:
        return f"at least {_number(figure['floor'])} {figure['unit']}"
    return f"at most {_number(figure['bound'])} {figure['unit']}" if "bound" in figure else ""


def _met(figure: Figure) -> str:
    if "floor" in figure:
        return "met" if figure["value"] >= figure["floor"] else "**missed**"
    return "" if "bound" not in figure else "met" if figure["value"] <= figure["bound"] else "**missed**"


def _value(figure: Figure) -> str:
    return f"{_number(figure['value'])} {figure['unit']}"


def _number(x: float) -> str:
    """Return three significant digits, and whole numbers above."""
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


def _ms(seconds: float) -> str:
    return f"{_number(seconds * 1e3)} ms"


def _percent(share: float) -> str:
    return f"{_number(share * 100)} %"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def draw(measured: dict[str, Any]) -> None:
    """Write the plots of time against n and against d."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "driftwatch", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot as plt

    for group, file in PLOTS.items():
        axis = group.removeprefix("along_")
        figures = [f for f in measured.get("scaling", {}).get("figures", []) if f["group"] == group]
        if not figures:
            continue
        figure, ax = plt.subplots(figsize=(7.0, 4.2), layout="constrained")
        for name in PLOTTED:
            points = sorted((f["at"][axis], f["value"]) for f in figures if f["detail"] == name)
            style = {"sum": "k:", "np.sort": "k--"}.get(name, "o-")
            ax.loglog(*zip(*points, strict=True), style, label=name, markersize=3, linewidth=1.2)
        ax.set_xlabel({"n": "rows", "d": "features"}[axis])
        ax.set_ylabel("ms")
        ax.grid(alpha=0.3)
        ax.legend(fontsize=8, frameon=False)
        figure.savefig(DOCS / "assets" / file, metadata={"Date": None})
        plt.close(figure)


def main() -> None:
    """Write the plots and the page."""
    measured = json.loads(FIGURES.read_text(encoding="utf-8"))
    draw(measured)
    PAGE.write_text(render(measured), encoding="utf-8")


if __name__ == "__main__":
    main()
