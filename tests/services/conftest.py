"""Tests that need a server or an optional library: collected where the library is installed, as `nox -s services` does."""

from __future__ import annotations

from importlib.util import find_spec

# a library, and the folders or files that are about it
_NEEDED = {
    "psycopg": ("store", "alerting/test_on_postgresql.py", "middleware/test_postgresql.py"),
    "litestar": ("middleware",),
    "hypercorn": ("web",),
    "sklearn": ("web",),
    "aiosmtpd": ("notifiers",),
    "moto": ("storage",),
    "mlflow": ("mlflow",),  # a session of its own
}
collect_ignore = [path for library, paths in _NEEDED.items() for path in paths if find_spec(library) is None]
