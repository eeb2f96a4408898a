"""What a receiver answered over HTTP (layer 5): read within bounds, and what it means for the next try."""

from __future__ import annotations

import http.client
import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from driftwatch.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Answer", "answer_of", "refusal_of", "retry_after"]

MAX_ANSWER = 65_536  # bytes that are read of an answer
MAX_WAIT = 86_400.0  # seconds that a receiver may ask to wait; a longer wish would be an alert that never comes
EXCERPT = 200  # characters of an answer that an error shows
SHORTEST_SECRET = 6  # shorter parts of a path are words such as `api`, and hiding them would hide the error
_TRANSIENT = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered; `complete` is False where the connection ended within the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = True


def retry_after(value: str | None, *, now: float) -> float | None:
    """Return the seconds that a `Retry-After` header asks for: a number or an HTTP date; None for neither.

    Examples
    --------
    >>> retry_after("120", now=0.0)
    120.0
    >>> retry_after("Thu, 01 Jan 1970 00:01:00 GMT", now=15.0)
    45.0
    """
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", text):
        seconds = float(text)
    else:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), MAX_WAIT)


def answer_of(response: http.client.HTTPResponse) -> Answer:
    """Return the answer, with no more than 64 KiB of its body."""
    complete = True
    try:
        body = response.read(MAX_ANSWER)
    except http.client.IncompleteRead as error:
        body, complete = error.partial, False
    except (OSError, http.client.HTTPException):
        # the status was read: the receiver has decided, and asking again would only repeat the message
        body, complete = b"", False
    if response.length and len(body) < MAX_ANSWER:  # less came than `Content-Length` said
        complete = False
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body, complete)


def refusal_of(label: str, answer: Answer, hidden: list[str]) -> DeliveryError:
    """Return the error for an answer that is no success; none of `hidden` is in what it repeats."""
    said = f"{label} answered {answer.status}"
    if 300 <= answer.status < 400:
        return DeliveryError(
            f"{said}, a redirect, and redirects are not followed. Give the address that it leads to.", permanent=True
        )
    excerpt = _excerpt(answer.body, hidden)
    said += f": {excerpt!r}." if excerpt else "."
    if answer.status == 410:
        return DeliveryError(f"{said} It is gone for good: remove this receiver.", permanent=True)
    wait = retry_after(answer.headers.get("retry-after"), now=time.time())
    # GitHub says 403 where others say 429
    if answer.status >= 500 or answer.status in _TRANSIENT or (answer.status == 403 and wait is not None):
        return DeliveryError(said, retry_after=wait)
    return DeliveryError(said, permanent=True)


def _excerpt(body: bytes, hidden: list[str]) -> str:
    """Return the begin of an answer; pages for errors like to repeat the path, which may be the secret."""
    text = body[: 20 * EXCERPT].decode("utf-8", "replace")
    for secret in sorted(hidden, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return " ".join(text.split())[:EXCERPT]
