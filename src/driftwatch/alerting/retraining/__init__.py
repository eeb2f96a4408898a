"""Trainings that alerts ask for (layer 5): guards, a trigger, and one file for each target."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.alerting.retraining.cloudevents import CloudEventsTarget
    from driftwatch.alerting.retraining.command import CommandTarget
    from driftwatch.alerting.retraining.github import GitHubTarget
    from driftwatch.alerting.retraining.guards import Guards
    from driftwatch.alerting.retraining.request import RetrainRequest, RetrainTarget
    from driftwatch.alerting.retraining.trigger import RetrainTrigger

__all__ = [
    "CloudEventsTarget",
    "CommandTarget",
    "GitHubTarget",
    "Guards",
    "RetrainRequest",
    "RetrainTarget",
    "RetrainTrigger",
]

_REQUEST = "driftwatch.alerting.retraining.request"
__getattr__, __dir__ = attach(
    __name__,
    {
        "CloudEventsTarget": "driftwatch.alerting.retraining.cloudevents",
        "CommandTarget": "driftwatch.alerting.retraining.command",
        "GitHubTarget": "driftwatch.alerting.retraining.github",
        "Guards": "driftwatch.alerting.retraining.guards",
        "RetrainRequest": _REQUEST,
        "RetrainTarget": _REQUEST,
        "RetrainTrigger": "driftwatch.alerting.retraining.trigger",
    },
)
