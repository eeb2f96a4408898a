"""The version of the installed package (layer 0)."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["version"]


def __getattr__(name: str) -> str:
    if name == "__version__":  # read when it is asked for: the metadata take longer than the whole import
        return version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@lru_cache(maxsize=1)
def version() -> str:
    """Return the installed version, from the package's metadata.

    Examples
    --------
    >>> version().split(".")[0]
    '1'
    """
    from importlib import metadata

    return metadata.version("driftwatch")
