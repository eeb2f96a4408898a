"""One answer from all sources (layer 4): the strongest source wins, value by value, and is remembered."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch.config.alerts import ALERTS
from driftwatch.config.keys import MIDDLEWARE
from driftwatch.config.origin import DEFAULT, Source
from driftwatch.config.settings import FeatureSettings, Settings
from driftwatch.config.sources import Layer, from_environment, from_file, from_flags

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["ResolvedSettings", "load_settings"]

_OWN_FILE = "driftwatch.toml"
_PROJECT_FILE = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class ResolvedSettings:
    """The settings of a run and where each of them was set.

    `sources` maps the path of each value that is not a default, `("alpha",)` or `("features", "price", "kind")`,
    to its `Source`.
    """

    settings: Settings
    sources: Mapping[tuple[str, ...], Source]

    def source_of(self, *path: str) -> Source:
        """Return where the value at `path` was set."""
        return self.sources.get(path, DEFAULT)


def load_settings(
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    config_file: Path | None = None,
) -> ResolvedSettings:
    """Return the settings of a run.

    The order is: flags, then the environment, then `config_file`, then `driftwatch.toml` in `cwd`, then
    `[tool.driftwatch]` of the nearest `pyproject.toml` at or above `cwd`, then the defaults. It holds value by value:
    `--threshold psi=0.2` leaves a threshold for `ks` from a file in force.

    Parameters
    ----------
    flags : mapping, optional
        Key to value or to its text on the command line; None values were not given.
    environ : mapping of str to str, optional
        The environment, by default none of it.
    cwd : path, optional
        Folder in which to look for files; None looks for none.
    config_file : path, optional
        A file in the form of `driftwatch.toml`, or a `pyproject.toml`.

    Raises
    ------
    ConfigError
        When a value has the wrong type or is out of range, or a file cannot be read.
    UnknownNameError
        When a key is no setting.

    Examples
    --------
    >>> resolved = load_settings({"alpha": "0.01"}, {"DRIFTWATCH_MIN_SAMPLES": "30"})
    >>> resolved.settings.alpha, resolved.settings.min_samples
    (0.01, 30)
    >>> resolved.source_of("min_samples").describe(("min_samples",))
    'environment DRIFTWATCH_MIN_SAMPLES'
    """
    layers = [from_flags(flags or {}), from_environment(environ or {})]
    layers += [from_file(path, pyproject=path.name == _PROJECT_FILE) for path in _files(cwd, config_file)]

    # the first mapping of a ChainMap wins
    values = ChainMap(*(dict(layer.values) for layer in layers))
    sources = {path: _origin(path, layers) for path in values}
    return ResolvedSettings(_settings(values), sources)


def _files(cwd: Path | None, config_file: Path | None) -> list[Path]:
    found = [] if config_file is None else [config_file]
    if cwd is not None:
        own = cwd / _OWN_FILE
        projects = (folder / _PROJECT_FILE for folder in (cwd, *cwd.resolve().parents))
        nearest = next((path for path in projects if path.is_file()), None)
        found += [path for path in (own, nearest) if path is not None and path.is_file()]
    return found


def _origin(path: tuple[str, ...], layers: list[Layer]) -> Source:
    return next(layer.source for layer in layers if path in layer.values)


def _settings(values: Mapping[tuple[str, ...], Any]) -> Settings:
    plain = {path[0]: value for path, value in values.items() if len(path) == 1}
    thresholds = {path[1]: value for path, value in values.items() if path[0] == "thresholds"}
    roles = {path[1]: value for path, value in values.items() if path[0] == "roles"}
    performance = {path[1]: value for path, value in values.items() if path[0] == "performance" and len(path) == 2}
    drops = {path[2]: value for path, value in values.items() if path[0] == "performance" and len(path) == 3}
    if drops and "min_drop" not in performance:
        performance["min_drop"] = drops
    options: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        if path[0] == "features" and path[2] == "thresholds":
            options.setdefault(path[1], {}).setdefault("thresholds", {})[path[3]] = value
        elif path[0] == "features":
            options.setdefault(path[1], {})[path[2]] = value
    features = {name: FeatureSettings(**given) for name, given in options.items()}
    return Settings(
        **plain,
        thresholds=thresholds,
        roles=roles,
        performance=performance,
        features=features,
        alerts=_nested(values, ALERTS),
        middleware=_nested(values, MIDDLEWARE),
    )


def _nested(values: Mapping[tuple[str, ...], Any], name: str) -> dict[str, Any]:
    """Return the values below `name` as tables in tables."""
    found: dict[str, Any] = {}
    for path, value in values.items():
        if path[0] == name:
            table = found
            for part in path[1:-1]:
                table = table.setdefault(part, {})
            table[path[-1]] = value
    return found
