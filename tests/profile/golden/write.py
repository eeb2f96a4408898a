"""Writes the golden files of a format, once, before its release: they are never written again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from driftwatch import Profile
from driftwatch.profile.archive import Archive, save

GOLDEN = Archive(
    kind="golden",
    format=1,
    header={"text": "d\u00e9rive", "numbers": [1, 2.5, None], "nested": {"yes": True}},
    arrays={
        "booleans": np.array([True, False, True]),
        "counts": np.array([[1, 2, 3], [4, 5, 2**62]]),
        "empty": np.zeros((0, 3), np.float32),
        "halves": np.array([0.5, -2.0], np.float16),
        "scalar": np.array(200, np.uint8),
        "values": np.array([0.1, -np.inf, np.nan, 1e300]),
    },
)


def is_new(name: str) -> Path | None:
    """Return where a golden file goes, None if it is there: it is never written again."""
    path = Path(__file__).parent / name
    return None if path.exists() else path


if __name__ == "__main__":
    for suffix in (".npz", ".safetensors"):
        archive = is_new(f"archive-{GOLDEN.format}{suffix}")
        if archive is not None:
            save(archive, GOLDEN)
    profile = is_new("profile-2.npz")
    if profile is not None:
        Profile.fit({"e": np.random.default_rng(4).normal(size=(120, 3))}, salt=b"golden").save(profile)
