"""Run every benchmark and print a table; `--json FILE` keeps the figures, `--only NAME` runs one, `--quick` the small.

Suites that did not run keep what FILE says of them. Command: nox -s bench
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

SUITES = (
    "cold_start",
    "ratios",
    "array_libraries",
    "memory",
    "other_libraries",
    "scaling",
    "large_files",
    "ops_cpu",
    "embeddings",
    "windows",
)
SLOW = {"embeddings", "large_files", "ops_cpu", "other_libraries", "scaling"}
PACKAGES = ("driftwatch", "numpy", "scipy", "numba", "pyarrow", "pandas", "torch", "jax")


def machine() -> dict[str, str | int]:
    """Return what the figures were measured on."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    return {"cpu": cpu, "cores": len(os.sched_getaffinity(0)), "python": platform.python_version(), **versions()}


def versions() -> dict[str, str]:
    """Return the versions of the packages that matter and are installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def measure(name: str) -> tuple[dict[str, Any], list[str]]:
    """Run a suite, print its figures as they come, and return it with the names of those that missed their bound."""
    print(f"\n{name}", flush=True)
    suite = importlib.import_module(name)
    figures, missed = [], []
    for figure in suite.run():
        figures.append(figure.as_dict())
        print(figure.line(), flush=True)
        if figure.missed:
            missed.append(f"{figure.group} {figure.name}".strip())
    about = {"machine": machine(), "command": f"nox -s bench -- --only {name}"}
    return {**about, "figures": figures}, missed


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--only", choices=SUITES, action="append")
    parser.add_argument("--quick", action="store_true", help="leave out what takes more than a few minutes")
    arguments = parser.parse_args()

    print(", ".join(f"{key} {value}" for key, value in machine().items()))
    kept = json.loads(arguments.json.read_text()) if arguments.json and arguments.json.exists() else {}
    missed: list[str] = []
    for name in SUITES:
        if (arguments.only and name not in arguments.only) or (arguments.quick and name in SLOW):
            continue
        kept[name], names = measure(name)
        missed += names
        if arguments.json:  # after each suite: an hour of figures is not lost to the last one
            ordered = {name: kept[name] for name in SUITES if name in kept}
            arguments.json.write_text(json.dumps(ordered, indent=1) + "\n")
    if missed:
        print("\noutside its bound: " + "; ".join(missed), file=sys.stderr)


if __name__ == "__main__":
    main()
