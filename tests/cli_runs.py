"""What the tests of the command line share: the outcome of a run and the environment it is run in."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import driftwatch.errors

__all__ = ["Outcome", "Run", "RunFresh", "clean_environment"]

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = Path(driftwatch.errors.__file__).parents[1]


@dataclass(frozen=True)
class Outcome:
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line on standard error; fails the test when it is not one line, or when data came out as well."""
        assert self.out == "", "an error wrote to standard output"
        assert self.err.endswith("\n"), f"no line on standard error: {self.err!r}"
        assert self.err.count("\n") == 1, f"more than one line on standard error: {self.err!r}"
        assert self.err.startswith("error: "), self.err
        return self.err.removeprefix("error: ").rstrip("\n")


class Run(Protocol):
    """Runs `driftwatch` with the arguments, in this process."""

    def __call__(self, *arguments: object) -> Outcome: ...


class RunFresh(Protocol):
    """Runs `driftwatch` with the arguments in a fresh process."""

    def __call__(
        self,
        *arguments: object,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: Path | str | None = None,
        shell: str = "",
    ) -> Outcome: ...


def clean_environment() -> dict[str, str]:
    """Return the environment without anything that changes what the command line does."""
    dropped = {"CI", "NO_COLOR", "COLUMNS", "PYTHONPATH", "PYTHONUNBUFFERED"}
    kept = {k: v for k, v in os.environ.items() if k not in dropped and not k.startswith(("DRIFTWATCH_", "COV_CORE"))}
    return kept | {"PYTHONPATH": os.pathsep.join([str(SOURCE), *filter(None, map(os.path.abspath, sys.path))])}
