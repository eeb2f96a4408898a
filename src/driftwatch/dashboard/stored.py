"""What a store holds, as plain data for JSON (layer 5): checks, baselines, letters, how far a stream is."""

from __future__ import annotations

import statistics
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from driftwatch.alerts.model import Notification
from driftwatch.errors import InputError
from driftwatch.store.over_time import place_of, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.store.model import Baseline, Letter, OutboxCount, Progress, Run

__all__ = ["baseline_dict", "letter_dict", "outbox_dict", "progress_dict", "run_dict", "usual_gap"]

MICROSECONDS = 1e6
FEW = 3  # gaps between checks of which none is the usual one


def run_dict(run: Run) -> dict[str, Any]:
    """Return a check; places are times, or numbers of rows where there is a scope."""
    return {
        "id": run.id,
        "stream": run.stream,
        "scope": run.key.scope,
        "start": place_of(run, run.key.start),
        "stop": place_of(run, run.key.stop),
        "created": written(run.created),
        "n_rows": run.n_rows,
        "verdict": run.verdict,
    }


def usual_gap(newest_first: Sequence[Run]) -> float | None:
    """Return the median time between checks in seconds, None where there are too few to tell."""
    gaps = [later.created - earlier.created for later, earlier in pairwise(newest_first)]
    return statistics.median(gaps) / MICROSECONDS if len(gaps) >= FEW else None


def baseline_dict(baseline: Baseline) -> dict[str, Any]:
    """Return what is said of a version of a reference."""
    return {
        "name": baseline.name,
        "version": baseline.version,
        "created": written(baseline.created),
        "who": baseline.who,
        "reason": baseline.reason,
        "n_rows": baseline.n_rows,
        "fingerprint": baseline.fingerprint,
    }


def letter_dict(letter: Letter) -> dict[str, Any]:
    """Return a letter of the outbox; of its body only the title."""
    try:
        title: str | None = Notification.from_json(letter.body).title
    except InputError:
        title = None
    return {
        "id": letter.id,
        "receiver": letter.receiver,
        "state": letter.state,
        "created": written(letter.created),
        "due": written(letter.due),
        "attempts": letter.attempts,
        "title": title,
        "error": letter.error,
    }


def outbox_dict(count: OutboxCount) -> dict[str, Any]:
    """Return how many letters of a receiver are in a state."""
    return {"receiver": count.receiver, "state": count.state, "n": count.n, "oldest": written(count.oldest)}


def progress_dict(progress: Progress) -> dict[str, Any]:
    """Return how far a stream is."""
    return {
        "watermark": None if progress.watermark is None else written(progress.watermark),
        "n_open": progress.n_open,
        "partitions": [
            {
                "partition": name,
                "offset": str(position.offset),  # of a stream of Redis it has 128 bits
                "n_messages": position.n_messages,
                "n_rows": position.n_rows,
                "event_time": None if position.event_time is None else written(position.event_time),
                "idle": position.idle,
            }
            for name, position in progress.positions.items()
        ],
    }
