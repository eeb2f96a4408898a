"""Alerts by e-mail (layer 5): SMTP with TLS, as plain text and HTML."""

from __future__ import annotations

import contextlib
import hashlib
import html
import logging
import smtplib
import socket
import ssl
import threading
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Self

from driftwatch.alerting.notifier import BaseNotifier
from driftwatch.alerting.secrets import Secret
from driftwatch.alerting.wording import one_line, words_of
from driftwatch.errors import ConfigError, DeliveryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.alerting._settings import Settings
    from driftwatch.alerting.model import Notification
    from driftwatch.alerting.wording import Words

__all__ = ["EmailNotifier"]

SECURITY = ("starttls", "tls", "none")
PORTS = {"starttls": 587, "tls": 465, "none": 25}
MAX_REPLY = 200  # characters of a server's answer that an error shows
GOODBYE = 2.0  # seconds that a server has for its last word
LOOKS_EVERY = 0.5
_log = logging.getLogger("driftwatch.alerting")


class EmailNotifier(BaseNotifier):
    """Sends one e-mail for each notification.

    Parameters
    ----------
    name : str
        The receiver's name.
    host : str
        Of the SMTP server.
    sender : str
        Such as `driftwatch@example.com` or `DriftWatch <driftwatch@example.com>`.
    to : sequence of str
        Who gets it.
    port : int, optional
        By default 587, 465 or 25, after `security`.
    security : str
        `starttls` and `tls` check the server's certificate; `none` is for a server on the same machine or network, and
        no password is sent over it.
    user : str, optional
        For AUTH, with `password`.
    password : str or Secret, optional
    ca_file : str, optional
        Certificates to trust in the place of the system's.
    timeout : float
        Seconds for the whole exchange.

    Notes
    -----
    `Message-ID` is made of the notification's id, so that a message which is sent twice shows as one in most mailboxes, and
    messages about one group refer to the same thread.
    """

    def __init__(
        self,
        name: str = "email",
        *,
        host: str,
        sender: str,
        to: Sequence[str],
        port: int | None = None,
        security: str = "starttls",
        user: str | None = None,
        password: str | Secret | None = None,
        ca_file: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        super().__init__(name)
        if security not in SECURITY:
            raise ConfigError(f"`security` must be one of {', '.join(map(repr, SECURITY))}, got {security!r}.")
        if (user is None) != (password is None):
            raise ConfigError(f"receiver {name!r} has one of `user` and `password`, and a login needs both.")
        if user is not None and security == "none":
            raise ConfigError(
                f"receiver {name!r} would send its password unencrypted. Use security = 'starttls' or 'tls', or no user."
            )
        self._host, self._port = host, port or PORTS[security]
        self._security, self._ca_file, self._timeout = security, ca_file, timeout
        self._user, self._password = user, None if password is None else Secret.of(password)
        self._sender = _addresses("from", [sender])[0]
        self._to = _addresses("to", to)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the notifier of a table with `host`, `from`, `to`, and the class's other arguments; the password by reference."""
        port = settings.count("port", 0, least=0)
        return cls(
            settings.name,
            host=settings.text("host"),
            sender=settings.text("from"),
            to=settings.texts("to"),
            port=port or None,
            security=settings.choice("security", SECURITY, "starttls"),
            user=settings.text("user", None),
            password=settings.secret("password", required=False),
            ca_file=settings.text("ca_file", None),
            timeout=settings.seconds("timeout", 30.0, least=0.1),
        )

    def send(self, notification: Notification) -> None:
        """Send the message; see `BaseNotifier.send`."""
        message = message_of(notification, sender=self._sender, to=self._to)
        try:
            server = self._connected()
            try:
                refused = server.send_message(message, self._sender.addr_spec, [each.addr_spec for each in self._to])
                _say_goodbye(server)
            finally:
                server.close()
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            raise self._error(f"takes mail for no recipient ({code} {_shown(reply)})", permanent=code >= 500) from None
        except smtplib.SMTPResponseException as error:
            said = f"answered {error.smtp_code} {_shown(error.smtp_error)}"
            raise self._error(said, permanent=error.smtp_code >= 500) from None
        except smtplib.SMTPNotSupportedError as error:
            raise self._error(f"lacks what is needed: {_shown(str(error))}", permanent=True) from None
        except ssl.SSLCertVerificationError as error:
            raise self._error(f"has a certificate that is not trusted ({error.verify_message})") from None
        except (OSError, smtplib.SMTPException) as error:
            reason = getattr(error, "strerror", None) or _shown(str(error)) or type(error).__name__
            raise self._error(f"could not be used: {reason}") from None
        for address, (code, reply) in refused.items():
            # the others have it, and trying again would send it to them once more
            _log.warning("receiver %r: no mail to %s (%s %s)", self.name, one_line(address, 80), code, _shown(reply))

    def _connected(self) -> smtplib.SMTP:
        if self._security == "tls":
            server: smtplib.SMTP = _TimedTLS(self._timeout, self._host, self._port, context=self._context())
        else:
            server = _Timed(self._timeout, self._host, self._port)
        try:
            if self._security == "starttls":
                server.starttls(context=self._context())
            if self._user is not None and self._password is not None:
                server.login(self._user, self._ascii(self._password.reveal()))
        except BaseException:
            server.close()
            raise
        return server

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file)

    def _ascii(self, password: str) -> str:
        if not (password.isascii() and self._user is not None and self._user.isascii()):
            raise DeliveryError(
                f"receiver {self.name!r} has a user or password with characters beyond ASCII, which smtplib cannot "
                "send. Give the account another one.",
                permanent=True,
            )
        return password

    def _error(self, said: str, *, permanent: bool = False) -> DeliveryError:
        return DeliveryError(f"the mail server {self._host} {said}.", permanent=permanent)


class _CutOff:
    """Cuts a connection when its time is over: a server that sends a byte now and then would hold it for ever."""

    sock: Any

    def __init__(self, limit: float, *args: Any, **kwargs: Any) -> None:
        self._over = threading.Event()
        threading.Thread(target=self._watch, args=(limit,), daemon=True).start()
        try:
            super().__init__(*args, timeout=limit, **kwargs)  # type: ignore[call-arg]  # of what this is mixed into
        except BaseException:
            self._over.set()
            raise

    def _watch(self, limit: float) -> None:
        self._over.wait(limit)
        while not self._over.is_set():  # more than once: there is no socket before the handshake is over
            sock = getattr(self, "sock", None)
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            self._over.wait(LOOKS_EVERY)

    def close(self) -> None:
        self._over.set()
        super().close()  # type: ignore[misc]  # likewise


class _Timed(_CutOff, smtplib.SMTP):
    pass


class _TimedTLS(_CutOff, smtplib.SMTP_SSL):
    pass


def _say_goodbye(server: smtplib.SMTP) -> None:
    # the server has the mail by now: whatever goes wrong here, sending it again would be one too many
    with contextlib.suppress(OSError, smtplib.SMTPException):
        if server.sock is not None:
            server.sock.settimeout(GOODBYE)
        server.quit()


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


def _addresses(key: str, texts: Sequence[str]) -> list[Any]:
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


def _shown(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return one_line(" ".join(text.split()), MAX_REPLY)
