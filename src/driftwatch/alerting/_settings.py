"""The settings of one receiver, read key by key (layer 5): what is missing, wrong or unknown is said by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from driftwatch._checks import is_amount, is_text
from driftwatch.alerting._http import Endpoint, split_url
from driftwatch.alerting.secrets import Secret
from driftwatch.config.alerts import seconds_of
from driftwatch.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Settings"]

_REQUIRED: Any = object()
# keys of the same table that the alert manager reads before
_SHARED = frozenset({"burst", "every", "send_resolved"})
_SENSITIVE = re.compile("auth|cookie|key|password|secret|token", re.IGNORECASE)  # of names of headers


class Settings:
    """Takes settings out of a table of a file; `done` refuses what nobody asked for.

    Parameters
    ----------
    name : str
        The receiver's, for messages.
    given : mapping
        The table. Its `kind` has been read.
    """

    def __init__(self, name: str, given: Mapping[str, object]) -> None:
        self.name, self._given = name, given
        self._known = {"kind"}

    def text(self, key: str, default: Any = _REQUIRED) -> Any:
        """Return a text that is not empty."""
        value = self._take(key, default)
        return value if value is default else self._checked(key, value, is_text(value), "text that is not empty")

    def texts(self, key: str, default: Any = _REQUIRED, *, hidden: bool = False) -> tuple[str, ...]:
        """Return one text or several; what is `hidden` is not repeated in an error."""
        value = self._take(key, default)
        several = [value] if isinstance(value, str) else value
        fits = isinstance(several, (list, tuple)) and all(map(is_text, several)) and (several or default == ())
        wanted = "a text or a list of texts"
        if hidden and not fits:
            raise self._wrong(key, f"must be {wanted}", type(value))
        return tuple(self._checked(key, several, bool(fits), wanted))

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        """Return one of the choices."""
        value = self._take(key, default)
        wanted = "one of " + ", ".join(map(repr, choices))
        return str(self._checked(key, value, value in choices, wanted))

    def seconds(self, key: str, default: float, *, least: float = 0.0) -> float:
        """Return a time, given as a number of seconds or as text such as "5m"."""
        value = self._take(key, default)
        try:
            seconds = seconds_of(value)
        except ValueError:
            seconds = -1.0
        wanted = f'a number of seconds or a time such as "5m", at least {least:g} seconds'
        self._checked(key, value, seconds >= least, wanted)
        return seconds

    def count(self, key: str, default: int, *, least: int = 1) -> int:
        """Return a whole number of at least `least`."""
        value = self._take(key, default)
        fits = is_amount(value, int) and value >= least
        return int(self._checked(key, value, fits, f"a whole number of at least {least}"))

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self._take(key, default)
        return bool(self._checked(key, value, isinstance(value, bool), "true or false"))

    def table(self, key: str) -> Mapping[str, str]:
        """Return a table of texts, empty by default."""
        value = self._take(key, {})
        fits = isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
        checked: Mapping[str, str] = self._checked(key, value, fits, "a table of texts")
        return checked

    def secret(self, key: str, *, required: bool = True) -> Secret | None:
        """Return the secret that `key` refers to with `${NAME}`, or `key_file` with a path; it must be there by now."""
        found = self.secrets(key)
        if len(found) > 1 or (required and not found):
            raise self._wrong(key, f"needs one secret: `{key}` with ${{NAME}} in it, or `{key}_file`", len(found))
        return found[0] if found else None

    def secrets(self, key: str) -> list[Secret]:
        """Return the secrets that `key` and `key_file` refer to, each a text or a list; those of `key` come first."""
        found = [self._reference(key, text) for text in self.texts(key, (), hidden=True)]
        found += [Secret.from_file(path) for path in self.texts(f"{key}_file", ())]
        for secret in found:
            self._reveal(key, secret)
        return found

    def signing_secrets(self) -> list[Secret]:
        """Return the secrets to sign with; there must be one, or `unsigned = true`."""
        found = self.secrets("secret")
        if not self.flag("unsigned", default=False) and not found:
            raise ConfigError(
                f"receiver {self.name!r} needs a `secret` to sign with, so that the service can tell our messages from "
                "others. Where the service cannot check signatures, write unsigned = true."
            )
        return found

    def endpoint(self, *, default: str | None = None, is_secret: bool = False) -> Endpoint:
        """Return where to post to, from `url`, `timeout`, `block_private`, `ca_file` and `proxy`.

        A `url` may stand there in full unless it `is_secret`, as a whole or by a password in it.
        """
        url = self._address("url", is_secret=is_secret, required=default is None) or Secret(str(default))
        proxy = self._address("proxy", is_secret=False)
        for key, secret in (("url", url), ("proxy", proxy)):
            try:
                if secret is not None:
                    split_url(secret.reveal())
            except ConfigError as error:
                raise ConfigError(f"`{key}` of receiver {self.name!r}: {error}") from None
        return Endpoint(
            url,
            timeout=self.seconds("timeout", 15.0, least=0.1),
            block_private=self.flag("block_private", default=False),
            ca_file=self.text("ca_file", None),
            proxy=proxy,
        )

    def _address(self, key: str, *, is_secret: bool, required: bool = False) -> Secret | None:
        text = self._take(key, None)
        if not isinstance(text, str) or "${" in text or is_secret:
            return self.secret(key, required=required)
        if _has_password(text):
            self._refuse_literal(key)
        self._known.add(f"{key}_file")
        return Secret(text)

    def headers(self) -> Mapping[str, Secret]:
        """Return the texts of the table `headers`; `${NAME}` in them is filled in when they are sent."""
        found = {}
        for name, text in self.table("headers").items():
            if "${" in text:
                found[name] = self._reference("headers", text)
                self._reveal("headers", found[name])
            elif _SENSITIVE.search(name):
                self._refuse_literal(
                    "headers", f'headers = {{ {name} = "${{NAME}}" }} and set that environment variable'
                )
            else:
                found[name] = Secret(text)
        return found

    def done(self) -> None:
        """Refuse keys that were not asked for."""
        if unknown := [key for key in self._given if key not in self._known]:
            raise UnknownNameError.from_names(
                f"setting of receiver {self.name!r}", unknown, sorted(self._known | _SHARED)
            )

    def _take(self, key: str, default: Any) -> Any:
        self._known.add(key)
        value = self._given.get(key, default)
        if value is _REQUIRED:
            raise ConfigError(f"receiver {self.name!r} of kind {self._given.get('kind')!r} needs `{key}`.")
        return value

    def _checked(self, key: str, value: Any, fits: bool, wanted: str) -> Any:
        if not fits:
            raise self._wrong(key, f"must be {wanted}", value)
        return value

    def _wrong(self, key: str, wanted: str, value: object) -> ConfigError:
        return ConfigError(f"`{key}` of receiver {self.name!r} {wanted}, got {value!r:.80}.")

    def _reference(self, key: str, text: str) -> Secret:
        if "${" not in text:
            self._refuse_literal(key)
        return Secret.from_text(text)

    def _refuse_literal(self, key: str, instead: str = "") -> NoReturn:
        variable = re.sub(r"\W", "_", f"{self.name}_{key}".upper())
        instead = instead or (
            f'{key} = "${{{variable}}}" and set that environment variable, or {key}_file = "/path/to/a/file"'
        )
        raise ConfigError(
            f"`{key}` of receiver {self.name!r} holds a secret, and a file of settings is no place for it. "
            f"Write {instead}."
        )

    def _reveal(self, key: str, secret: Secret) -> None:
        try:
            secret.reveal()
        except ConfigError as error:
            raise ConfigError(f"`{key}` of receiver {self.name!r}: {error}") from None


def _has_password(url: str) -> bool:
    try:
        return urlsplit(url).password is not None
    except ValueError:  # it is no URL, which is said when it is used as one
        return False
