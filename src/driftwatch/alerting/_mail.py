"""What is in an e-mail about alerts (layer 5): headers that no text can add to, plain text, and HTML."""

from __future__ import annotations

import hashlib
import html
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from driftwatch.alerting.wording import words_of
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.alerting.wording import Words
    from driftwatch.alerts.model import Notification

__all__ = ["addresses_of", "html_of", "message_of"]


def message_of(notification: Notification, *, sender: Any, to: Sequence[Any]) -> EmailMessage:
    """Return the e-mail; the same for every try."""
    words = words_of(notification)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = words.title
    message["From"] = sender
    message["To"] = to
    message["Date"] = formatdate(notification.created / 1e6)
    message["Message-ID"] = f"<{_token(notification.id)}@{sender.domain}>"
    message["References"] = f"<group.{_token(notification.model + notification.group_key)}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic replies, please
    message.set_content(words.text())
    message.add_alternative(html_of(words), subtype="html")
    return message


def html_of(words: Words) -> str:
    """Return the words as HTML, everything in them escaped."""
    items = "".join(
        f"<li><b>{_escaped('resolved' if item.resolved else item.severity)}</b> {_escaped(item.headline)}"
        f"{f'<br>{_escaped(item.detail)}' if item.detail else ''}</li>"
        for item in words.items
    )
    facts = "".join(
        f"<tr><th align=left>{_escaped(name)}</th><td>{_escaped(value)}</td></tr>" for name, value in words.facts
    )
    intro = "".join(f"<p>{_escaped(text)}</p>" for text in (words.intro,) if text)
    more = f"<p>{_escaped(words.more)}</p>" if words.more else ""
    return (
        f"<!doctype html><html><head><meta charset=utf-8><title>{_escaped(words.title)}</title></head><body>"
        f"<h2>{_escaped(words.title)}</h2>{intro}<ul>{items}</ul>{more}<table cellpadding=4>{facts}</table></body></html>\n"
    )


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)


def _token(text: str) -> str:
    """Return a text as what a Message-ID may hold: ids of ours are that already, others become a hash."""
    if text.isascii() and text.replace("_", "").replace("-", "").isalnum() and len(text) <= 64:
        return text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def addresses_of(key: str, texts: Sequence[str]) -> list[Any]:
    """Return the parsed addresses of a setting.

    Raises
    ------
    ConfigError
        If one is none.
    """
    probe = EmailMessage(policy=SMTP)
    try:
        probe["To"] = ", ".join(texts)
        header: Any = probe["To"]
        found = list(header.addresses) if not header.defects else []
    except (ValueError, IndexError, AttributeError, TypeError):
        found = []
    if not found or len(found) < len(texts) or not all(each.username and each.domain for each in found):
        raise ConfigError(
            f"`{key}` of an e-mail must be addresses such as 'ops@example.com', got {list(texts)!r:.200}."
        )
    return found
