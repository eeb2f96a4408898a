"""Files and standard input as tables (layer 4): one function, `read`."""

from __future__ import annotations

from driftwatch.io.readers import read

__all__ = ["read"]
