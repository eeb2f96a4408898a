"""`driftwatch config show` (layer 5): the settings in force and where each of them was set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from driftwatch.cli.settings import resolve
from driftwatch.cli.streams import one_line, write_data
from driftwatch.config.alerts import ALERTS, masked
from driftwatch.config.keys import KEYS, MIDDLEWARE
from driftwatch.config.origin import dotted, toml_value

if TYPE_CHECKING:
    from driftwatch.config import ResolvedSettings

__all__ = ["run_config_show", "settings_toml"]

# TOML has no word for None. For some settings we have one; the others cannot be set to it.
_PASSWORD = re.compile(r"(?<=:)[^:/@]+(?=@)")  # of the URL of a database
_NONE = {
    "n_permutations": "# n_permutations: as many as the tests need",
    "groups": "# groups: rows move one by one",
    "detectors": "# detectors: the usual ones",
    "include": "# include: every feature",
    "block_size": "# block_size: 4,000,000",
}


def run_config_show(config_file: str | None) -> int:
    """Print the resolved settings to standard output."""
    write_data(settings_toml(resolve({}, config_file)))
    return 0


def settings_toml(resolved: ResolvedSettings) -> str:
    """Return the settings as TOML, each with its source in a comment; the result is a valid `driftwatch.toml`.

    Secrets that stand in a file against the rules are masked in it.
    """
    settings = resolved.settings
    entries: list[tuple[tuple[str, ...], object]] = [((key,), getattr(settings, key)) for key in KEYS]
    entries += [(("thresholds", name), cut) for name, cut in settings.thresholds.items()]
    entries += [(("roles", name), role) for name, role in settings.roles.items()]
    for name, value in settings.performance.items():
        drops = value.items() if isinstance(value, dict) else ()
        entries += [(("performance", name, metric), drop) for metric, drop in drops] or [(("performance", name), value)]
    for feature, options in settings.features.items():
        for name, value in options.given().items():
            path = ("features", feature, name)
            cuts = value.items() if isinstance(value, dict) else ()
            entries += [((*path, statistic), cut) for statistic, cut in cuts] or [(path, value)]

    alerts = [path for path in resolved.sources if path[0] == ALERTS]
    entries += [(path, masked(path, _at(settings.alerts, path[1:]))) for path in alerts]

    entries += [((MIDDLEWARE, name), value) for name, value in settings.middleware.items()]

    texts = [_assignment(path, value) for path, value in entries]
    width = max(len(text) for text in texts)
    comments = (resolved.source_of(*path).describe(path) for path, _ in entries)
    return "\n".join(f"{text:<{width}}  # {one_line(comment)}" for text, comment in zip(texts, comments, strict=True))


def _at(table: Any, path: tuple[str, ...]) -> object:
    for part in path:
        table = table[part]
    return table


def _assignment(path: tuple[str, ...], value: object) -> str:
    if value is None and path[0] in _NONE:
        return _NONE[path[0]]
    if path == ("store",):
        value = _PASSWORD.sub("***", str(value))
    return f"{dotted(path)} = {toml_value('none' if value is None else value)}"
