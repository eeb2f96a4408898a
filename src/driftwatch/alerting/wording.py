"""What a message says (layer 5), in words that all notifiers share; each escapes them for its own format.

Names of features and models come from data: here they become one printable line of bounded length, and nothing more.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch.report.text import printable

if TYPE_CHECKING:
    from driftwatch.alerts.model import Alert, Notification

__all__ = ["MAX_ITEMS", "Item", "Words", "one_line", "words_of"]

MAX_TITLE = 140  # Slack's heading takes 150, and a subject beyond that is cut by every mail reader
MAX_HEADLINE = 200
MAX_DETAIL = 400
MAX_NAME = 80
MAX_ITEMS = 10  # a person reads ten lines of a message, and looks at the report for the rest
TEST = "This is a test message: nothing has drifted. It shows that alerts reach this place."
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Item:
    """One alert in words."""

    headline: str
    detail: str
    severity: str
    resolved: bool


@dataclass(frozen=True, slots=True)
class Words:
    """A message in words: every text is one printable line, not escaped for any format.

    Attributes
    ----------
    title : str
        At most 140 characters.
    intro : str
        A sentence before the alerts; empty for most messages.
    items : tuple of Item
        The first alerts, at most ten.
    n_more : int
        How many alerts are left out.
    facts : tuple of (str, str)
        Names and values, such as the window.
    """

    title: str
    intro: str
    items: tuple[Item, ...]
    n_more: int
    facts: tuple[tuple[str, str], ...]

    @property
    def more(self) -> str:
        """`and N more`, or nothing."""
        return f"and {self.n_more} more" if self.n_more else ""

    def text(self) -> str:
        """Return the message as plain text of several lines."""
        blocks = [[self.title], [self.intro] if self.intro else []]
        blocks.append([line for item in self.items for line in _lines(item)] + ([self.more] if self.more else []))
        blocks.append([f"{name}: {value}" for name, value in self.facts])
        return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def words_of(notification: Notification, *, max_items: int = MAX_ITEMS) -> Words:
    """Return what a message says.

    Examples
    --------
    >>> from driftwatch.alerting import Alert, Notification
    >>> alert = Alert({"alertname": "FeatureDrift", "feature": "age", "severity": "warning"}, {"summary": "age: psi 0.31 > 0.2"})
    >>> sent = Notification("dw_1", "ops", "churn", "churn", (alert,), created=0, n_rows=1000)
    >>> print(words_of(sent).text().strip())
    [FIRING:1] churn: FeatureDrift
    <BLANKLINE>
    - warning: age: psi 0.31 > 0.2
    <BLANKLINE>
    Model: churn
    Rows: 1000
    Message: dw_1
    """
    shown = notification.alerts[:max_items]
    return Words(
        title=one_line(notification.title, MAX_TITLE),
        intro=TEST if notification.kind == "test" else "",
        items=tuple(map(_item, shown)),
        n_more=len(notification.alerts) - len(shown),
        facts=tuple((name, one_line(value, MAX_HEADLINE)) for name, value in _facts(notification) if value),
    )


def one_line(text: str, limit: int) -> str:
    r"""Return the text as one printable line of at most `limit` characters.

    Examples
    --------
    >>> print(one_line("a\r\nBcc: x", 80), one_line("abcdefgh", 5))
    a\r\nBcc: x abcd…
    """
    line = printable(text[: limit + 1])  # cut first: an escape takes up to ten characters, and a name can be endless
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _item(alert: Alert) -> Item:
    name = one_line(alert.name, MAX_NAME)
    about = f"{name} ({one_line(alert.feature, MAX_NAME)})" if alert.feature else name
    return Item(
        headline=one_line(alert.annotations.get("summary", ""), MAX_HEADLINE) or about,
        detail=one_line(alert.annotations.get("description", ""), MAX_DETAIL),
        severity=one_line(alert.severity, MAX_NAME),
        resolved=alert.status != "firing",
    )


def _lines(item: Item) -> list[str]:
    state = "resolved" if item.resolved else item.severity
    return [
        f"- {state}: {item.headline}" if state else f"- {item.headline}",
        *([f"  {item.detail}"] if item.detail else []),
    ]


def _facts(notification: Notification) -> list[tuple[str, str]]:
    dropped = {None: "", True: "worse than the reference", False: "no worse than the reference"}
    return [
        ("Model", notification.model),
        ("Stream", notification.stream if notification.stream != notification.model else ""),
        ("Window", _window(notification)),
        ("Rows", str(notification.n_rows or "")),
        ("Performance", dropped[notification.performance_dropped]),
        ("Reference", notification.reference[:12]),
        ("Message", notification.id),
    ]


def _window(notification: Notification) -> str:
    start, stop = notification.window_start, notification.window_stop
    if start == stop:
        return ""
    if notification.scope:
        return f"rows {start} to {stop} of {notification.scope}"
    return f"{_minute(start)} to {_minute(stop)} UTC"


def _minute(at: int) -> str:
    when = _EPOCH + dt.timedelta(microseconds=at)
    return when.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")
