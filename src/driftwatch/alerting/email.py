"""Alerts by e-mail (layer 5): SMTP with TLS, as plain text and HTML."""

from __future__ import annotations

import contextlib
import logging
import smtplib
import ssl
from typing import TYPE_CHECKING, Self

from driftwatch.alerting._mail import addresses_of, message_of
from driftwatch.alerting._smtp import SMTP, SMTPWithTLS
from driftwatch.alerting.notifier import BaseNotifier
from driftwatch.alerting.secrets import Secret
from driftwatch.alerting.wording import one_line
from driftwatch.errors import ConfigError, DeliveryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.alerting._settings import Settings
    from driftwatch.alerts.model import Notification

__all__ = ["EmailNotifier"]

SECURITY = ("starttls", "tls", "none")
PORTS = {"starttls": 587, "tls": 465, "none": 25}
MAX_REPLY = 200  # characters of a server's answer that an error shows
GOODBYE = 2.0  # seconds that a server has for its last word
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
        self._sender = addresses_of("from", [sender])[0]
        self._to = addresses_of("to", to)

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
            server: smtplib.SMTP = SMTPWithTLS(self._timeout, self._host, self._port, context=self._context())
        else:
            server = SMTP(self._timeout, self._host, self._port)
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


def _say_goodbye(server: smtplib.SMTP) -> None:
    # the server has the mail by now: whatever goes wrong here, sending it again would be one too many
    with contextlib.suppress(OSError, smtplib.SMTPException):
        if server.sock is not None:
            server.sock.settimeout(GOODBYE)
        server.quit()


def _shown(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return one_line(" ".join(text.split()), MAX_REPLY)
