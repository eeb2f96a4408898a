"""Who may look (layer 5): a bearer token for programs, and a signed cookie for browsers that have shown it once."""

from __future__ import annotations

import hashlib
import hmac
import time
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["COOKIE", "MIN_TOKEN", "Access"]

COOKIE = "driftwatch_dashboard"
LASTS = 7 * 86_400  # seconds: a screen on a wall is not asked every morning
MIN_TOKEN = 16  # characters: what can be guessed is no secret, and guesses are not counted


class Access:
    """Knows a token when it sees one. The cookie is no copy of it: it has an end, and a signature that the token makes.

    Parameters
    ----------
    token : str, optional
        Everybody may look without one.
    clock : callable
        Seconds after 1970.

    Raises
    ------
    ConfigError
        If the token is too short to be a secret.
    """

    def __init__(self, token: str | None, *, clock: Callable[[], float] = time.time) -> None:
        if token is not None and len(token) < MIN_TOKEN:
            raise ConfigError(
                f"`token` must have {MIN_TOKEN} characters or more, got {len(token)}. Make one with "
                '`python -c "import secrets; print(secrets.token_urlsafe())"`, or leave it out to let everybody read.'
            )
        self._token = None if token is None else token.encode()
        self._clock = clock

    @property
    def is_open(self) -> bool:
        """Whether everybody may look."""
        return self._token is None

    def allows(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Return whether a request with these headers may be answered."""
        if self._token is None:
            return True
        for name, value in headers:
            if name == b"authorization":
                scheme, _, sent = value.partition(b" ")
                if scheme.lower() == b"bearer" and self.is_token(sent.strip()):
                    return True
            elif name == b"cookie" and self._is_session(value.decode("latin-1")):
                return True
        return False

    def is_token(self, sent: bytes) -> bool:
        """Return whether this is the token, in a time that does not depend on how much of it is right."""
        return self._token is not None and hmac.compare_digest(sent, self._token)

    def cookie(self, path: str, *, secure: bool) -> str:
        """Return the header `Set-Cookie` for a browser that has shown the token.

        Parameters
        ----------
        path : str
            Where the app is mounted.
        secure : bool
            Whether the browser came by HTTPS, and must not send it by anything else.
        """
        end = str(int(self._clock()) + LASTS)
        return self._header(f"{end}.{self._signature(end)}", LASTS, path, secure=secure)

    def no_cookie(self, path: str, *, secure: bool) -> str:
        """Return the header `Set-Cookie` that ends a session."""
        return self._header("", 0, path, secure=secure)

    def _header(self, value: str, lasts: int, path: str, *, secure: bool) -> str:
        # Lax: a link in a message leads to the page and not to the login; nothing here changes anything
        words = [f"{COOKIE}={value}", f"Path={path}", f"Max-Age={lasts}", "HttpOnly", "SameSite=Lax"]
        return "; ".join([*words, "Secure"] if secure else words)

    def _is_session(self, header: str) -> bool:
        try:
            found = SimpleCookie(header).get(COOKIE)
        except CookieError:
            return False
        end, _, signature = ("" if found is None else found.value).partition(".")
        if not (end.isascii() and end.isdigit() and len(end) < 20 and signature.isascii()):
            return False
        return hmac.compare_digest(signature, self._signature(end)) and self._clock() < int(end)

    def _signature(self, end: str) -> str:
        assert self._token is not None
        return hmac.new(self._token, f"driftwatch dashboard until {end}".encode(), hashlib.sha256).hexdigest()
