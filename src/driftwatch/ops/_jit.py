"""How Numba functions of this package are compiled: on first use, without the GIL, cached where that can be (layer 2).

Never `parallel=True`: its threading layers kill a forked child or abort when two threads enter. Signatures stay lazy,
because given ones refuse read-only arrays, which most dataframes hand out. Only the `_numba_*` files import this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["jit"]

F = TypeVar("F", bound="Callable[..., object]")


def jit(*, reorder_sums: bool = False) -> Callable[[F], F]:
    """Return a decorator that compiles a function of NumPy arrays.

    Parameters
    ----------
    reorder_sums : bool
        Let the compiler add in another order, which it needs to use vector registers. NaN and infinities keep their
        meaning.
    """
    fastmath: set[str] | bool = {"reassoc"} if reorder_sums else False

    def decorate(function: F) -> F:
        try:
            compiled: Any = numba.njit(nogil=True, cache=True, fastmath=fastmath)(function)
        except RuntimeError:  # no folder for the cache can be written, as in a read-only container without a home
            compiled = numba.njit(nogil=True, fastmath=fastmath)(function)
        return cast(F, compiled)

    return decorate
