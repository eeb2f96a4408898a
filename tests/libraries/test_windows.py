"""Windows count arrays of every library where they are, and to the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftwatch import Profile, Window

if TYPE_CHECKING:
    from backends import Backend

RNG = np.random.default_rng(0)
REFERENCE = np.stack([RNG.normal(size=900), RNG.integers(0, 6, 900), RNG.lognormal(size=900)], axis=1)


def test_any_array_library_gives_the_same_bytes(backend: Backend) -> None:
    profile = Profile.fit(REFERENCE)
    current = (RNG.normal(0.3, size=(200, 3))).astype(np.float16).astype(np.float64)  # every dtype holds them
    current[::9, 1] = np.nan
    given = backend.asarray(current)
    held = backend.to_host(given).astype(np.float64)  # as bfloat16 and the like have rounded them
    assert Window(profile).update(given).to_bytes() == Window(profile).update(held).to_bytes()


def test_a_reference_of_any_library_gives_the_same_points(backend: Backend) -> None:
    reference = REFERENCE.astype(np.float16).astype(np.float64)
    given = backend.asarray(reference)
    held = backend.to_host(given).astype(np.float64)
    found, wanted = Profile.fit(given, salt=b"s").summary, Profile.fit(held, salt=b"s").summary
    for mine, theirs in zip(found.blocks, wanted.blocks, strict=True):
        np.testing.assert_array_equal(mine.tally.n_valid, theirs.tally.n_valid)
        np.testing.assert_allclose(mine.points.deciles, theirs.points.deciles, rtol=1e-6)
