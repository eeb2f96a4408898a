"""Run every benchmark and print a table; `--json FILE` keeps the figures, `--only NAME` runs one, `--quick` the small.

Command: nox -s bench
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import cold_start
import large_files
import ops_cpu

if TYPE_CHECKING:
    from measure import Figure

SUITES = {"cold_start": cold_start.run, "large_files": large_files.run, "ops_cpu": ops_cpu.run}
SLOW = {"large_files", "ops_cpu"}


def machine() -> dict[str, str | int]:
    """Return what the figures were measured on."""
    import os
    from importlib import metadata

    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    versions = {name: metadata.version(name) for name in ("driftwatch", "numpy", "scipy", "pyarrow")}
    return {"cpu": cpu, "cores": len(os.sched_getaffinity(0)), "python": platform.python_version(), **versions}


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--only", choices=sorted(SUITES), action="append")
    parser.add_argument("--quick", action="store_true", help="leave out what takes more than a minute")
    arguments = parser.parse_args()

    about = machine()
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    figures: list[Figure] = []
    for name, suite in SUITES.items():
        if (arguments.only and name not in arguments.only) or (arguments.quick and name in SLOW):
            continue
        print(f"\n{name}")
        for figure in suite():
            figures.append(figure)
            print(figure.line(), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": about, "figures": [f.as_dict() for f in figures]}, indent=1))
    if any(figure.missed for figure in figures):
        print("\nabove its bound: " + ", ".join(figure.name for figure in figures if figure.missed), file=sys.stderr)


if __name__ == "__main__":
    main()
