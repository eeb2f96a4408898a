"""Alerts in Slack (layer 5): Block Kit within Slack's limits, by an incoming webhook or as a bot with threads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from driftwatch.alerting._http import Endpoint
from driftwatch.alerting.notifier import BaseNotifier
from driftwatch.alerting.secrets import Secret
from driftwatch.alerting.wording import words_of
from driftwatch.errors import ConfigError, DeliveryError

if TYPE_CHECKING:
    from driftwatch.alerting._answers import Answer
    from driftwatch.alerting._settings import Settings
    from driftwatch.alerting.wording import Item
    from driftwatch.alerts.model import Notification
    from driftwatch.store.protocol import Store

__all__ = ["SlackNotifier"]

API = "https://slack.com/api/chat.postMessage"
# Slack's limits are 50 blocks, 3000 characters of a section, 150 of a heading, and about 13,200 of a whole message, which is
# documented nowhere. Escaping can make five characters of one, so each text is cut after it: ten items of at most 770, a
# heading, seven facts of at most 240 and the text beside the blocks stay below 12,000.
THREAD_NOTES = "slack-thread"
# Answers of `chat.postMessage` after which the same message may go through
_TRANSIENT = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})


class SlackNotifier(BaseNotifier):
    """Posts to a channel of Slack.

    Parameters
    ----------
    name : str
        The receiver's name.
    url : str or Secret, optional
        Of an incoming webhook. The URL is a secret: who has it can post.
    token, channel : str or Secret, str, optional
        In the place of `url`: the token of a bot (`xoxb-...`, scope `chat:write`) and the channel's id. What comes later
        about the same group is then posted in the thread of the first message.
    endpoint : Endpoint, optional
        Where to post to in the place of `url` or of Slack's API.

    Notes
    -----
    At most ten alerts are listed, then `and N more`. Names are escaped, so that none of them can mention a channel or become a
    link.
    """

    def __init__(
        self,
        name: str = "slack",
        *,
        url: str | Secret | None = None,
        token: str | Secret | None = None,
        channel: str | None = None,
        endpoint: Endpoint | None = None,
    ) -> None:
        super().__init__(name)
        if token is None and url is None and endpoint is None:
            raise ConfigError(f"receiver {name!r} needs the `url` of an incoming webhook, or `token` and `channel`.")
        if (token is None) != (channel is None):
            raise ConfigError(f"receiver {name!r} has one of `token` and `channel`, and a bot needs both.")
        self._token, self._channel = None if token is None else Secret.of(token), channel
        self._endpoint = endpoint or Endpoint(Secret.of(API if url is None else url))
        self._store: Store | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the notifier of a table with `url` or with `token` and `channel`; secrets by reference."""
        token = settings.secret("token", required=False)
        channel = settings.text("channel", None)
        endpoint = settings.endpoint(default=None if token is None else API, is_secret=token is None)
        return cls(settings.name, token=token, channel=channel, endpoint=endpoint)

    def bind(self, store: Store) -> None:
        """Take the store, which remembers threads."""
        self._store = store

    def send(self, notification: Notification) -> None:
        """Post the message; see `BaseNotifier.send`."""
        payload = payload_of(notification)
        if self._token is None:
            self._post(payload, {})
            return
        space = f"{THREAD_NOTES}:{self.name}"
        thread = self._noted(space, notification.group_key)
        if thread:
            payload |= {"thread_ts": thread, "reply_broadcast": notification.status == "firing"}
        answer = self._post(payload | {"channel": self._channel}, {"Authorization": f"Bearer {self._token.reveal()}"})
        posted = _posted(self._endpoint.label(), answer)
        if notification.kind == "alert":
            self._note(space, notification, thread or posted)

    def _post(self, payload: dict[str, Any], headers: dict[str, str]) -> Answer:
        body = json.dumps(payload).encode()
        return self._endpoint.post(body, {"Content-Type": "application/json; charset=utf-8", **headers})

    def _noted(self, space: str, group: str) -> str | None:
        if self._store is None:
            return None
        with self._store.transaction() as transaction:
            return transaction.note(space, group)

    def _note(self, space: str, notification: Notification, thread: str) -> None:
        if self._store is None:
            return
        # what begins after everything was resolved is a new story, and gets a thread of its own
        kept = thread if notification.status == "firing" else None
        with self._store.transaction() as transaction:
            transaction.put_note(space, notification.group_key, kept)


def payload_of(notification: Notification) -> dict[str, Any]:
    """Return the message as blocks, with `text` for notifications and readers of screens."""
    words = words_of(notification)
    blocks: list[dict[str, Any]] = [
        # plain text: Slack reads no markup in a heading, and escapes count as what they stand for
        {"type": "header", "text": {"type": "plain_text", "text": words.title, "emoji": False}}
    ]
    if words.intro:
        blocks.append(_section(words.intro))
    blocks += [_section(_item(item)) for item in words.items]
    if words.more:
        blocks.append(_section(words.more))
    facts = "\n".join(f"*{name}:* {escaped(value, 220)}" for name, value in words.facts)
    if facts:
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": facts, "verbatim": True}]})
    return {"text": escaped(words.title, 300), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def escaped(text: str, limit: int) -> str:
    """Return the text with Slack's three special characters escaped, at most `limit` characters long and cut between escapes.

    Examples
    --------
    >>> escaped("<!channel> & more", 80), escaped("a<<<", 8)
    ('&lt;!channel&gt; &amp; more', 'a&lt;…')
    """
    escapes = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
    parts = [escapes.get(char, char) for char in text]
    if sum(map(len, parts)) <= limit:
        return "".join(parts)
    kept = ""
    for part in parts:
        if len(kept) + len(part) >= limit:
            break
        kept += part
    return kept + "…"


def _item(item: Item) -> str:
    state = ":white_check_mark: resolved" if item.resolved else f":rotating_light: {escaped(item.severity, 40)}"
    detail = f"\n{escaped(item.detail, 400)}" if item.detail else ""
    return f"{state} {escaped(item.headline, 300)}{detail}"


def _section(text: str) -> dict[str, Any]:
    # verbatim: what looks like a link or a channel stays text
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _posted(label: str, answer: Answer) -> str:
    """Return the time stamp of the message, by which Slack knows it."""
    try:
        said = json.loads(answer.body)
        if said["ok"]:
            return str(said["ts"])
        error = str(said["error"])[:80]
    except (ValueError, KeyError, TypeError):
        raise DeliveryError(f"{label} did not answer as Slack's API does.") from None
    raise DeliveryError(f"{label} answered {error!r}.", permanent=error not in _TRANSIENT)
