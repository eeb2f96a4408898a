"""The exceptions that driftwatch raises (layer 0, standard library only).

DriftwatchError
 +-- InputError (ValueError)          the data or a file cannot be used at all
 |    +-- NoCommonFeaturesError       reference and current share no feature
 |    +-- ArchiveError                a saved profile, window or state cannot be stored or read
 +-- ConfigError (ValueError)         a setting is unknown or out of range
 |    +-- UnknownNameError            a name is not among the known ones
 +-- InputTypeError (TypeError)       an object of a kind that no door accepts
 +-- MissingExtraError (ImportError)  an optional dependency is not installed
 +-- StoreError (RuntimeError)        stored state cannot be used
 |    +-- StoreLockedError            another process held its lock for too long
 |    +-- StoreUnavailableError       the server of a store cannot be reached
 |    +-- StoreConflictError          another worker has moved the offsets on
 +-- SourceError (RuntimeError)       a stream cannot be read
 +-- DeliveryError (RuntimeError)     a receiver did not take a notification
 +-- DriftDetectedError (AssertionError)  raised by `assert_no_drift`
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

    from driftwatch.report.model import DriftReport

__all__ = [
    "ArchiveError",
    "ConfigError",
    "DeliveryError",
    "DriftDetectedError",
    "DriftwatchError",
    "InputError",
    "InputTypeError",
    "MissingExtraError",
    "NoCommonFeaturesError",
    "SourceError",
    "StoreConflictError",
    "StoreError",
    "StoreLockedError",
    "StoreUnavailableError",
    "UnknownNameError",
]

_NAMES_SHOWN = 20  # a message stays one readable line even for 10,000 columns


class DriftwatchError(Exception):
    """The root of every exception that driftwatch raises on purpose."""


class InputError(DriftwatchError, ValueError):
    """The data or the file cannot be used: says what was wanted, what came and what to do."""


class InputTypeError(DriftwatchError, TypeError):
    """The object is of a type that driftwatch does not read."""


class ConfigError(DriftwatchError, ValueError):
    """A setting is out of range or contradicts another one."""


class NoCommonFeaturesError(InputError):
    """Reference and current data have no feature in common."""

    @classmethod
    def from_names(cls, reference: Iterable[str], current: Iterable[str]) -> Self:
        """Build the message from the names on both sides."""
        return cls(
            f"reference and current have no column in common. Reference has {shown(reference)}; "
            f"current has {shown(current)}. Check the delimiter and the header, or rename the columns."
        )


class ArchiveError(InputError):
    """A saved profile, window or state cannot be stored, or is not what it should be when it is read."""


class UnknownNameError(ConfigError):
    """A name was given that is not among the known ones."""

    @classmethod
    def from_names(cls, what: str, unknown: Iterable[str], known: Iterable[str]) -> Self:
        """Build the message: the unknown names, the nearest known ones and the whole list."""
        known = list(known)
        hints = []
        for name in unknown:
            near = difflib.get_close_matches(str(name), known, n=1)
            hints.append(f"{name!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
        return cls(f"unknown {what}: {', '.join(hints)}. Known: {shown(known)}.")


class MissingExtraError(DriftwatchError, ImportError):
    """An optional dependency is needed and not installed."""

    @classmethod
    def for_feature(cls, feature: str, *, package: str, extra: str) -> Self:
        """Name the feature, the missing package and the line to type."""
        return cls(f"{feature} needs {package}. Install it with: pip install 'driftwatch[{extra}]'")


class StoreError(DriftwatchError, RuntimeError):
    """The store cannot be read or written: damaged, full, read-only, of a newer version or on a network disk."""


class StoreLockedError(StoreError):
    """Another process has held the lock of the store for longer than the timeout; trying again may help."""


class StoreUnavailableError(StoreError):
    """The server of the store cannot be reached; trying again may help."""


class StoreConflictError(StoreError):
    """The stored offset is not the one that this worker began at: another worker counted these messages."""


class SourceError(DriftwatchError, RuntimeError):
    """A stream cannot be read, or does not hold what was counted of it before."""


class DeliveryError(DriftwatchError, RuntimeError):
    """A receiver did not take a notification.

    Attributes
    ----------
    retry_after : float, optional
        Seconds that the receiver asks to wait before the next try.
    permanent : bool
        Whether trying again cannot help.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, permanent: bool = False) -> None:
        super().__init__(message)
        self.retry_after, self.permanent = retry_after, permanent

    def __reduce__(self) -> tuple[type[Self], tuple[str], dict[str, object]]:
        return type(self), (str(self),), {"retry_after": self.retry_after, "permanent": self.permanent}


class DriftDetectedError(DriftwatchError, AssertionError):
    """Raised by `assert_no_drift`; `report` holds the whole `DriftReport`."""

    def __init__(self, report: DriftReport) -> None:
        super().__init__(report.summary())
        self.report = report

    def __reduce__(self) -> tuple[type[Self], tuple[DriftReport]]:
        # pickle would call the class with the message; parallel test runners send exceptions between processes
        return type(self), (self.report,)


def shown(names: Iterable[str]) -> str:
    """Return the names quoted and joined, the first twenty of them when there are more.

    Examples
    --------
    >>> shown(["a", "b"])
    "'a', 'b'"
    """
    names = list(names)
    text = ", ".join(repr(name) for name in names[:_NAMES_SHOWN])
    return text + (f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else "") if names else "none"
