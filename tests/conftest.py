"""What holds for the whole suite."""

from __future__ import annotations

from hypothesis import settings

# The same examples on every run, and no deadline: a busy machine must not decide whether a property holds.
settings.register_profile("driftwatch", deadline=None, derandomize=True)
settings.load_profile("driftwatch")
