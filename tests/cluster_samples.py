"""Tables of every kind of column, and the counts of one process that clusters are held against."""

from __future__ import annotations

import os
import signal
from typing import Any

import numpy as np
import pandas as pd

from driftwatch import Monitor, Profile, Window

__all__ = ["CURRENT", "PROFILE", "REFERENCE", "alone", "die_once", "same_report"]


def table(n: int, shift: float, seed: int) -> pd.DataFrame:
    """Return rows with missing values, ties, both widths of floats, rare labels, text and vectors."""
    rng = np.random.default_rng(seed)
    x = rng.normal(shift, 1, n)
    x[rng.random(n) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "x": x,
            "small.er": rng.normal(size=n).astype("f4"),
            "count": rng.integers(0, 5, n),
            "city": rng.choice(["Rome", "Oslo", "Bern", "rare"], n, p=[0.5, 0.3, 0.19, 0.01]),
            "member": rng.random(n) < 0.5 + shift / 10,
            "note": [f"text {i} of some length that nobody repeats" for i in range(n)],
            "vector": list(rng.normal(shift, 1, size=(n, 4)).astype("f4")),
        }
    )


REFERENCE = table(400, 0.0, 0)
CURRENT = table(300, 0.8, 1).assign(unknown=1.0)
PROFILE = Profile.fit(REFERENCE, joint={"pair": ["x", "count"]})


def alone(rows: Any = CURRENT, profile: Profile = PROFILE) -> bytes:
    """Return the bytes of the window that one process counts."""
    return Window(profile).update(rows).to_bytes()


def same_report(found: Any, *, profile: Profile = PROFILE) -> bool:
    """Return whether a report is the one of a single process, but for the second that it was made in."""
    wanted = Monitor.from_profile(profile).check(Window(profile).update(CURRENT))
    one, other = found.to_dict(), wanted.to_dict()
    one.pop("created_at"), other.pop("created_at")
    return bool(one == other)


def die_once(rows: Any, marker: str) -> Any:
    """Return rows, but for the first process that comes here: that one is killed. It stands here, where workers can import it."""
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return CURRENT.iloc[rows]
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("not reached")
