"""Settings (layer 4): flags, environment and TOML files resolved to one frozen value. Standard library only."""

from __future__ import annotations

from driftwatch.config.origin import Source, SourceKind
from driftwatch.config.resolve import ResolvedSettings, load_settings
from driftwatch.config.settings import FeatureSettings, Settings

__all__ = ["FeatureSettings", "ResolvedSettings", "Settings", "Source", "SourceKind", "load_settings"]
