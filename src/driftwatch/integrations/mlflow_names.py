"""Names of features as MLflow takes them, and back (layer 5); no library is needed."""

from __future__ import annotations

import hashlib
import re

from driftwatch.errors import InputError

__all__ = ["MAX_KEY", "metric_key", "original_name", "safe_name"]

MAX_KEY = 250  # characters of a metric's name that MLflow stores
_DIGEST = 16  # hexadecimal digits: enough that two names of one report do not meet
_CUT = "--"  # stands in no escaped name: a minus is escaped itself
# MLflow takes letters, digits, `_`, `-`, `.`, blanks and `/`, and `:` where the server is not on Windows
_UNSAFE = re.compile(rb"[^A-Za-z0-9_. ]")
_ESCAPE = re.compile(r"-([0-9A-F]{2})")


def safe_name(name: str) -> str:
    """Return a name in the characters that MLflow takes in a metric: others become their bytes, as `-2F`.

    Examples
    --------
    >>> safe_name("price (€)/kg")
    'price -28-E2-82-AC-29-2Fkg'
    >>> original_name(safe_name("price (€)/kg"))
    'price (€)/kg'
    """
    if not name.strip("."):  # nothing at all, or what a path would take for a folder
        return "-" if not name else "-2E" * len(name)
    escaped = _UNSAFE.sub(lambda byte: b"-%02X" % byte[0][0], name.encode(errors="surrogatepass"))
    return escaped.decode()


def original_name(safe: str) -> str:
    """Return the name of which `safe_name` made this one.

    Raises
    ------
    InputError
        If it was cut, as it would have been too long: the report beside the metrics has the whole one.
    """
    if _CUT in safe:
        raise InputError(f"{safe!r} was cut to what MLflow stores. The artifact `report.json` has the whole name.")
    if safe == "-":
        return ""
    return _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), safe).encode("latin-1").decode(errors="surrogatepass")


def metric_key(*parts: str) -> str:
    """Return the name of a metric: safe parts between slashes; a longer one is cut, and a digest of the whole added.

    Examples
    --------
    >>> metric_key("driftwatch", "feature_effect", "a/b")
    'driftwatch/feature_effect/a-2Fb'
    """
    key = "/".join(safe_name(part) for part in parts)
    if len(key) <= MAX_KEY:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:_DIGEST]
    return key[: MAX_KEY - len(_CUT) - _DIGEST] + _CUT + digest
