"""`driftwatch demo` (layer 5): the main job on data that ships inside the package."""

from __future__ import annotations

import sys

from driftwatch.cli.progress import DelayedProgress
from driftwatch.cli.rendering import deliver
from driftwatch.cli.streams import is_interactive, note

__all__ = ["example_names", "run_demo"]


def example_names() -> tuple[str, ...]:
    """Return the names of the example sets."""
    from driftwatch import datasets

    return tuple(datasets.names())


def run_demo(name: str) -> int:
    """Check the example set `name`, print the table and what to try next.

    It ends with 0 whatever it finds: it shows how a report looks and is no gate. Settings of the project are not read,
    so that everybody sees the same.
    """
    from driftwatch import datasets
    from driftwatch.monitor.monitor import Monitor

    example = datasets.load(name)
    with DelayedProgress(enabled=is_interactive(sys.stderr)) as progress:
        monitor = Monitor(example.reference)
        progress.phase("comparing", total=len(monitor.feature_names))
        report = monitor.check(example.current, progress=progress.advance)

    deliver(report, "table", output=None, quiet=False)
    others = ", ".join(f"`driftwatch demo {other}`" for other in example_names() if other != name)
    note(f"{example.description} Other examples: {others}.")
    note("Next: `driftwatch check reference.csv current.csv` on your own data; it ends with exit code 1 on drift.")
    return 0
