"""Stores and what is said of them, as text from the command line (layer 5)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch.errors import ConfigError, InputError

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport
    from driftwatch.store.protocol import Store

__all__ = ["existing_store", "keep", "period_of", "whole_number"]


def existing_store(address: str) -> Store:
    """Open a store that is there: a mistyped path must not make a new one.

    Raises
    ------
    InputError
        If there is no such file.
    """
    from driftwatch.store.opening import is_file, open_store

    if is_file(address) and not Path(address).exists():
        raise InputError(f"there is no store {address!r}. `driftwatch watch` and `check --store` make one.")
    return open_store(address)


def keep(report: DriftReport, address: str, stream: str) -> None:
    """Store a report; the store is made if it does not exist."""
    from driftwatch.scoring.keeping import keep_report
    from driftwatch.store.opening import open_store

    with open_store(address) as opened:
        keep_report(opened, stream, report)


def period_of(option: str, text: str) -> int:
    """Return a length of time such as "30d" in microseconds."""
    from driftwatch.scoring.windows import fixed_period

    return fixed_period(option, text).size


def whole_number(option: str, text: str, *, least: int = 1) -> int:
    """Return the number that an option gives."""
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise ConfigError(f"`{option}` must be a whole number of {least} or more, got {text!r}.")
    return int(text)
