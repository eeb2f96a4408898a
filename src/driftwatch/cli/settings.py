"""The settings of this process (layer 5): its flags, its environment and its working directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch.config import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.config import ResolvedSettings

__all__ = ["resolve"]


def resolve(flags: Mapping[str, object], config_file: str | None) -> ResolvedSettings:
    """Return the settings in force for `flags` and the value of `--config`."""
    return load_settings(flags, os.environ, Path.cwd(), None if config_file is None else Path(config_file))
