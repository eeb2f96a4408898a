"""The kinds of targets of a trigger (layer 5), one row each, from a table of settings."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from driftwatch.alerting.retraining.cloudevents import CloudEventsTarget
from driftwatch.alerting.retraining.command import CommandTarget
from driftwatch.alerting.retraining.github import API, EVENT_TYPE, GitHubTarget
from driftwatch.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.alerting._settings import Settings

__all__ = ["TARGETS", "target_from_settings"]


def _cloudevents(settings: Settings) -> CloudEventsTarget:
    return CloudEventsTarget(
        settings.endpoint(),
        secrets=settings.signing_secrets(),
        source=settings.text("source", None),
        headers=settings.headers(),
    )


def _github(settings: Settings) -> GitHubTarget:
    token = settings.secret("token")
    assert token is not None  # it is required
    return GitHubTarget(
        settings.text("repository"),
        token=token,
        event_type=settings.text("event_type", EVENT_TYPE),
        api=settings.endpoint(default=API),
    )


def _command(settings: Settings) -> CommandTarget:
    command = settings.texts("command")
    return CommandTarget(command, timeout=settings.seconds("timeout", 60.0, least=0.1), cwd=settings.text("cwd", None))


def _python(settings: Settings) -> Callable[..., object]:
    path = settings.text("function")
    module, _, name = path.partition(":")
    try:
        found: Any = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"`function` of receiver {settings.name!r} must be 'package.module:function', got {path!r}: {error}."
        ) from None
    if not callable(found):
        raise ConfigError(f"`function` of receiver {settings.name!r}: {path!r} is no function.")
    result: Callable[..., object] = found
    return result


# What `target` says in a file of settings, to what reads the rest of the table.
TARGETS: dict[str, Callable[[Settings], Any]] = {
    "cloudevents": _cloudevents,
    "command": _command,
    "github": _github,
    "python": _python,
}


def target_from_settings(settings: Settings) -> Any:
    """Return the target that the settings of a trigger name."""
    kind = settings.text("target")
    if kind not in TARGETS:
        raise UnknownNameError.from_names(f"target of receiver {settings.name!r}", [kind], TARGETS)
    return TARGETS[kind](settings)
