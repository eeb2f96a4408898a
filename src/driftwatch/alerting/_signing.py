"""Signatures of Standard Webhooks (layer 5): who gets a message can check who sent it, when, and that it is whole.

Source: the Standard Webhooks specification, section "Signature scheme", symmetric signatures.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from driftwatch.alerting.secrets import Secret

__all__ = ["signing_headers", "signing_keys"]

PREFIX = "whsec_"
MIN_KEY, MAX_KEY = 24, 64  # bytes, of the specification
_HOW = "Make one with: python -c \"import base64, os; print('whsec_' + base64.b64encode(os.urandom(32)).decode())\""


def signing_keys(secrets: Iterable[Secret]) -> list[bytes]:
    """Return the keys that the secrets hold, each of which may hold several, separated by space or lines.

    Raises
    ------
    ConfigError
        If one is no secret of Standard Webhooks.
    """
    return [_key(word) for secret in secrets for word in secret.reveal().split()]


def signing_headers(keys: Iterable[bytes], message_id: str, at: int, body: bytes) -> dict[str, str]:
    """Return the headers of a message that is sent at `at` (seconds after 1970), with one signature for each key.

    Examples
    --------
    >>> signing_headers([b"k" * 24], "msg_1", 1614265330, b"{}")["webhook-signature"][:9]
    'v1,KrbhoJ'
    """
    signed = f"{message_id}.{at}.".encode() + body
    signatures = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
    headers = {"webhook-id": message_id, "webhook-timestamp": str(at)}
    return headers | ({"webhook-signature": " ".join(f"v1,{text}" for text in signatures)} if signatures else {})


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not MIN_KEY <= len(key) <= MAX_KEY:
        # the message never repeats it
        raise ConfigError(f"a secret for signatures is {PREFIX} and {MIN_KEY} to {MAX_KEY} bytes in base64. {_HOW}")
    return key
