"""What every notifier is (layer 5): a name, `send`, and the error that says whether trying again helps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from driftwatch._checks import is_text
from driftwatch.errors import ConfigError, DeliveryError

if TYPE_CHECKING:
    from driftwatch.alerts.model import Notification
    from driftwatch.store.protocol import Store

__all__ = ["BaseNotifier", "DeliveryError"]


class BaseNotifier(ABC):
    """Sends notifications to one receiver.

    A notifier of your own subclasses this and writes `send`. It is called from the one thread that delivers, never from
    the one that counts or answers requests, and may block for some seconds.

    Parameters
    ----------
    name : str
        The receiver's name, by which routes refer to it.

    Attributes
    ----------
    every_window : bool
        Whether the receiver wants a notification for each window in which an alert fires, and not only when something
        changes or `repeat_interval` is over. True for triggers, which have guards of their own.

    Notes
    -----
    Delivery is at least once: after a crash the same notification may be sent again, with the same `notification.id`.
    A notifier passes that id on where the receiver's protocol has a place for it.

    Examples
    --------
    >>> class Loudspeaker(BaseNotifier):
    ...     def send(self, notification):
    ...         print(notification.model, notification.status)
    >>> Loudspeaker("hall").name
    'hall'
    """

    every_window: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        if not is_text(name):
            raise ConfigError(f"`name` of a receiver must be text that is not empty, got {name!r}.")
        self.name = name

    @abstractmethod
    def send(self, notification: Notification) -> None:
        """Deliver the notification, or raise.

        Raises
        ------
        DeliveryError
            If the receiver did not take it: `permanent` when trying again cannot help, `retry_after` when the receiver
            said how many seconds to wait. Anything else that is raised counts as worth another try.
        """

    def bind(self, store: Store) -> None:  # noqa: B027 - most notifiers need no store
        """Take the store, once and before the first `send`; for notifiers that remember, such as triggers."""

    def close(self) -> None:  # noqa: B027 - most notifiers hold nothing open
        """Let go of what is open; called when delivery ends."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
