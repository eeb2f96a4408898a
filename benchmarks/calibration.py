"""Measure error rates by simulation and print them; `--json FILE` keeps them, `--only NAME` runs one suite.

Suites that did not run keep what FILE says of them. Every cell has its own seed, so the figures repeat to the last digit
with the same versions. Exits with 1 if a rate lies outside its bound. Command: nox -s calibration
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from pathlib import Path

from run import machine

SUITES = ("pvalues", "reports", "peers", "sequential", "embeddings")


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--only", choices=SUITES, action="append")
    arguments = parser.parse_args()

    kept = json.loads(arguments.json.read_text()) if arguments.json and arguments.json.exists() else {}
    missed: list[str] = []
    for name in SUITES:
        if arguments.only and name not in arguments.only:
            continue
        print(f"\n{name}", flush=True)
        start, rows = time.perf_counter(), []
        for figure in importlib.import_module(f"calibration_{name}").run():
            rows.append(figure.as_dict())
            print(figure.line(), flush=True)
            if figure.missed:
                missed.append(f"{name}:{figure.line().partition('  (')[0]}")
        command = f"nox -s calibration -- --only {name}"
        print(f"  {time.perf_counter() - start:.0f} s", flush=True)
        kept[name] = {"machine": machine(), "command": command, "rows": rows}
        if arguments.json:  # after each suite: what was simulated is not lost to the next one
            ordered = {name: kept[name] for name in SUITES if name in kept}
            arguments.json.write_text(json.dumps(ordered, indent=1) + "\n")
    if missed:
        sys.exit("\noutside its bound:\n" + "\n".join(missed))


if __name__ == "__main__":
    main()
