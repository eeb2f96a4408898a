"""What every notifier is, and the error that says whether trying again helps."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from driftwatch.alerting.notifier import BaseNotifier, DeliveryError
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from driftwatch.alerts.model import Notification


class Quiet(BaseNotifier):
    def send(self, notification: Notification) -> None:
        """Take it and do nothing."""


def test_a_notifier_of_one_s_own_needs_send_alone() -> None:
    notifier = Quiet("ops")
    assert repr(notifier) == "Quiet('ops')"
    assert not notifier.every_window
    notifier.close()


@pytest.mark.parametrize("name", ["", "  ", None, 3])
def test_a_receiver_has_a_name(name: object) -> None:
    with pytest.raises(ConfigError, match="`name` of a receiver"):
        Quiet(name)  # type: ignore[arg-type]


def test_what_the_error_says_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(DeliveryError("full", retry_after=30.0, permanent=True)))
    assert (str(error), error.retry_after, error.permanent) == ("full", 30.0, True)
    assert not DeliveryError("full").permanent
