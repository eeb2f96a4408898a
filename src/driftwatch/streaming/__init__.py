"""Streams (layer 5): messages of a broker counted in windows, each message once, and a report for each window."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.scoring.judging import ClosedWindow
    from driftwatch.scoring.profile_scorer import ProfileScorer
    from driftwatch.scoring.scored import Scored, Scorer, State
    from driftwatch.scoring.windows import Windows
    from driftwatch.streaming.addresses import open_source
    from driftwatch.streaming.kafka import KafkaSource
    from driftwatch.streaming.memory import MemoryBroker, MemorySource
    from driftwatch.streaming.redis import RedisSource
    from driftwatch.streaming.source import DeadLetter, Message, Source
    from driftwatch.streaming.worker import Worker

__all__ = [
    "ClosedWindow",
    "DeadLetter",
    "KafkaSource",
    "MemoryBroker",
    "MemorySource",
    "Message",
    "ProfileScorer",
    "RedisSource",
    "Scored",
    "Scorer",
    "Source",
    "State",
    "Windows",
    "Worker",
    "open_source",
]

_MEMORY = "driftwatch.streaming.memory"
_SCORING = "driftwatch.scoring.scored"
_SOURCE = "driftwatch.streaming.source"
__getattr__, __dir__ = attach(
    __name__,
    {
        "ClosedWindow": "driftwatch.scoring.judging",
        "DeadLetter": _SOURCE,
        "KafkaSource": "driftwatch.streaming.kafka",
        "MemoryBroker": _MEMORY,
        "MemorySource": _MEMORY,
        "Message": _SOURCE,
        "ProfileScorer": "driftwatch.scoring.profile_scorer",
        "RedisSource": "driftwatch.streaming.redis",
        "Scored": _SCORING,
        "Scorer": _SCORING,
        "Source": _SOURCE,
        "State": _SCORING,
        "Windows": "driftwatch.scoring.windows",
        "Worker": "driftwatch.streaming.worker",
        "open_source": "driftwatch.streaming.addresses",
    },
)
