"""What is asked of whoever trains (layer 5): plain data that survives JSON, with an id that makes asking twice harmless."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

from driftwatch.alerting.wording import one_line
from driftwatch.alerts.model import iso_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from driftwatch.alerts.model import Notification

__all__ = ["RetrainRequest", "RetrainTarget"]

MAX_FEATURES = 50  # of which a request names no more; the report has all
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class RetrainRequest:
    """A model, and the window after which it should be trained again.

    Attributes
    ----------
    id : str
        The same for the same model, reference and window, however often it is asked.
    model, stream : str
    reference : str
        Fingerprint of the reference that the window was compared with.
    window_start, window_stop : int
        Microseconds after 1970 in UTC, or numbers of rows where there is a `scope`.
    scope : str
    n_rows : int
        Rows of the window.
    run_id : int
        Of the report in the store.
    performance_dropped : bool, optional
        Whether the model got worse, or None where that is not known.
    features : tuple of str
        That drifted, at most fifty.
    reason : str
        One line for people.
    created : int
    """

    id: str
    model: str
    stream: str
    reference: str
    window_start: int
    window_stop: int
    scope: str
    n_rows: int
    run_id: int
    performance_dropped: bool | None
    features: tuple[str, ...]
    reason: str
    created: int

    @classmethod
    def of(cls, notification: Notification) -> Self:
        """Return the request that a message about firing alerts leads to."""
        window = (notification.window_start, notification.window_stop, notification.scope)
        key = [notification.model, notification.reference, *window]
        return cls(
            id="dwr_" + hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32],
            model=notification.model,
            stream=notification.stream,
            reference=notification.reference,
            window_start=notification.window_start,
            window_stop=notification.window_stop,
            scope=notification.scope,
            n_rows=notification.n_rows,
            run_id=notification.run_id,
            performance_dropped=notification.performance_dropped,
            features=_named(alert.feature for alert in notification.firing if alert.feature),
            reason=one_line(notification.title, MAX_NAME),
            created=notification.created,
        )

    def with_features(self, names: Iterable[str]) -> Self:
        """Return the request with other features, the first fifty of them."""
        return replace(self, features=_named(names))

    def to_dict(self) -> dict[str, Any]:
        """Return the request as plain data for JSON; every text in it is one printable line."""
        by_time = not self.scope
        return {
            "id": self.id,
            "model": one_line(self.model, MAX_NAME),
            "stream": one_line(self.stream, MAX_NAME),
            "reference": self.reference,
            "window": {
                "start": iso_time(self.window_start) if by_time else self.window_start,
                "stop": iso_time(self.window_stop) if by_time else self.window_stop,
                "scope": one_line(self.scope, MAX_NAME),
                "n_rows": self.n_rows,
            },
            "run_id": self.run_id,
            "performance_dropped": self.performance_dropped,
            "features": list(self.features),
            "reason": self.reason,
            "created": iso_time(self.created),
        }

    def to_json(self) -> str:
        """Return the request as strict JSON, ASCII only."""
        return json.dumps(self.to_dict(), allow_nan=False, separators=(",", ":"))


def _named(names: Iterable[str]) -> tuple[str, ...]:
    lines = dict.fromkeys(one_line(name, MAX_NAME) for name in names)
    return tuple(lines)[:MAX_FEATURES]


@runtime_checkable
class RetrainTarget(Protocol):
    """Whatever starts a training. A target of your own has this one method, or is a plain function of the request."""

    def start(self, request: RetrainRequest) -> None:
        """Ask for the training, and return without waiting for it.

        Raises
        ------
        DeliveryError
            If it could not be asked for; anything else that is raised counts as worth another try. The next try has the
            same `request.id`.
        """
        ...
