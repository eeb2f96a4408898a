"""`dashboard` (layer 5): the one place where a missing Starlette is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.errors import MissingExtraError

if TYPE_CHECKING:
    import os
    from collections.abc import Collection

    from starlette.applications import Starlette

    from driftwatch.store.protocol import Store

__all__ = ["dashboard"]


def dashboard(
    store: Store | str | os.PathLike[str],
    *,
    token: str | None = None,
    hosts: Collection[str] | None = None,
    fresh: float = 1.0,
) -> Starlette:
    """Return an ASGI app that shows a store: pages, a JSON API and events. It only reads.

    Run it by itself (`driftwatch dashboard`), or mount it in your app under any path.

    Parameters
    ----------
    store : Store or path-like
        A store, or the address of one; that is opened at the first request, and never made.
    token : str, optional
        What programs send as `Authorization: Bearer ...` and people type in once. 16 characters or more. Without it
        everybody who reaches the app may read it.
    hosts : collection of str, optional
        The names by which browsers may come to it, without the port. Any by default.
    fresh : float
        Seconds for which an answer is not looked at again; new checks are told of after so long.

    Raises
    ------
    ConfigError, InputTypeError
        If an argument is of no use.
    MissingExtraError
        If Starlette is not installed.

    Notes
    -----
    It runs in the event loop of asyncio; the store is read by at most four threads.

    Examples
    --------
    >>> app = dashboard("driftwatch.db", token="a-secret-of-many-letters")
    >>> type(app).__name__
    'Dashboard'
    """
    try:
        from driftwatch.dashboard.app import Dashboard
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"starlette", "anyio"}:
            raise
        raise MissingExtraError.for_feature("the dashboard", package="starlette", extra="dashboard") from error
    return Dashboard(store, token=token, hosts=hosts, fresh=fresh)
