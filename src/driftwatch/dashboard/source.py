"""Where a dashboard reads (layer 5): a store that is opened when it is first needed, and never made."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from driftwatch.errors import InputTypeError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.store.protocol import Store

__all__ = ["Failures", "Source"]

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Failures(NamedTuple):
    """How often the store could not be read, and when and how last."""

    n: int = 0
    at: float | None = None
    kind: str = ""
    is_failing: bool = False


class Source:
    """A store, or the address of one.

    Parameters
    ----------
    store : Store or path-like
        Of an address the store is opened at the first request, and again where its file is replaced by another one. A
        file that does not exist is none: looking must not make one.
    clock : callable
        Seconds after 1970.

    Raises
    ------
    InputTypeError
        If it is neither.
    """

    def __init__(self, store: Store | str | os.PathLike[str], *, clock: Callable[[], float] = time.time) -> None:
        if isinstance(store, str | os.PathLike):
            self._address: str | None = os.fspath(store)
            self._store: Store | None = None
        elif hasattr(store, "run_counts"):
            self._address, self._store = None, store
        else:
            raise InputTypeError(
                f"`store` must be a store or its address, got {type(store).__name__}. Pass 'driftwatch.db', for example."
            )
        self._clock = clock
        self._lock = threading.Lock()
        self._file: tuple[int, int] | None = None
        self.failures = Failures()

    def read(self, call: Callable[[Store], T]) -> T:
        """Return what `call` makes of the store, and count where that fails.

        Raises
        ------
        StoreError
            If it cannot be read.
        """
        try:
            found = call(self._opened())
        except StoreError as error:
            self._failed(error)
            raise
        except OSError as error:
            self._failed(error)
            raise StoreError(f"the store cannot be read: {error.strerror or error}. Look at its disk.") from error
        if self.failures.is_failing:
            with self._lock:
                self.failures = self.failures._replace(is_failing=False)
        return found

    def close(self) -> None:
        """Close the store if it was opened here; the next `read` opens it again."""
        with self._lock:
            if self._address is not None and self._store is not None:
                self._store.close()
                self._store = None

    def _failed(self, error: Exception) -> None:
        with self._lock:
            if not self.failures.is_failing:  # once, and not for each of those who ask
                logger.warning("the store of the dashboard cannot be read: %s", error)
            self.failures = Failures(self.failures.n + 1, self._clock(), type(error).__name__, is_failing=True)

    def _opened(self) -> Store:
        if self._address is None:
            assert self._store is not None
            return self._store
        from driftwatch.store.opening import is_file, open_store

        file = _identity(self._address) if is_file(self._address) else None
        with self._lock:
            if self._store is not None and file != self._file:
                self._store.close()
                self._store = None
            if self._store is None:
                self._store, self._file = open_store(self._address), file
            return self._store


def _identity(path: str) -> tuple[int, int]:
    try:
        found: Any = Path(path).stat()
    except FileNotFoundError:
        raise StoreError(f"there is no store {path!r}. `driftwatch watch` and `check --store` make one.") from None
    return found.st_dev, found.st_ino
