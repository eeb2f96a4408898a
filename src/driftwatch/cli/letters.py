"""`driftwatch alert letters` and `requeue` (layer 5): what is on its way, and what was given up."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from driftwatch.cli.columns import FORMATS, columns, moment
from driftwatch.cli.stores import existing_store, whole_number
from driftwatch.cli.streams import note, write_data
from driftwatch.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.store.model import Letter

__all__ = ["run_letters", "run_requeue"]

_STATES = ("waiting", "delivered", "dead")
_COLUMNS = ("id", "state", "receiver", "message", "error")  # what 80 columns hold; the rest is in ndjson


def run_letters(store: str, *, state: str | None, last: str, format_name: str) -> int:
    """Print the letters of the outbox, newest first, and return the exit code."""
    if format_name not in FORMATS:
        raise UnknownNameError.from_names("value of `--format`", [format_name], FORMATS)
    if state is not None and state not in _STATES:
        raise UnknownNameError.from_names("value of `--state`", [state], _STATES)
    limit = None if last == "all" else whole_number("--last", last)
    with existing_store(store) as opened:
        rows = [_row(letter) for letter in opened.letters(state, limit=limit)]
    if format_name == "ndjson":
        write_data("".join(json.dumps(row) + "\n" for row in rows))
    else:
        write_data(columns(_COLUMNS, rows, whole={"id"}) if rows else "no letters")
    return 0


def run_requeue(store: str, letter_ids: Sequence[str], *, quiet: bool) -> int:
    """Put dead letters back into the outbox and return the exit code."""
    now = int(time.time() * 1e6)
    with existing_store(store) as opened:
        dead = [letter.id for letter in opened.letters("dead")]
        wanted = dead if list(letter_ids) == ["all"] else list(letter_ids)
        unknown = [name for name in wanted if name not in dead]
        if unknown:
            raise UnknownNameError.from_names("letter that was given up", unknown, dead)
        with opened.transaction() as transaction:
            changed = sum(transaction.requeue(name, now=now) for name in wanted)
    if not quiet:
        note(f"{changed:,} letters wait to be sent again")
    return 0


def _row(letter: Letter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "state": letter.state,
        "receiver": letter.receiver,
        "created": moment(letter.created),
        "due": moment(letter.due),
        "tries": letter.attempts,
        "message": _title(letter),
        "error": letter.error,
    }


def _title(letter: Letter) -> str:
    from driftwatch.alerts.model import Notification

    try:
        return Notification.from_json(letter.body).title
    except InputError:
        return "?"
