"""Bodies to columns of rows that wait to be stored (layer 5): what cannot be read or paired is counted by reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.middleware.bodies import headers_of, is_allowed, joined, plain
from driftwatch.middleware.rows import UnreadableError
from driftwatch.scoring.columns import columns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from driftwatch.middleware.intake import Exchange
    from driftwatch.middleware.rows import Row, RowReader
    from driftwatch.profile.profile import Profile

__all__ = ["Batch", "Collector", "Columns"]

Columns = dict[str, Any]


@dataclass(slots=True)
class _Read:
    """The rows of one exchange, and why they are without predictions where that is so."""

    time: int
    rows: list[Row]
    predictions: list[Row] | None = None
    unpaired: str = ""

    @property
    def n_rows(self) -> int:
        return len(self.rows) or len(self.predictions or ())


@dataclass(slots=True)
class Batch:
    """Rows with the same columns; `order` is the place of each among all that were ever taken, `times` in microseconds."""

    columns: Columns
    order: list[int]
    times: list[int]

    @classmethod
    def joined(cls, batches: Sequence[Batch]) -> Batch:
        """Return batches with the same columns as one."""
        if len(batches) == 1:
            return batches[0]
        columns: Columns = {}
        for name, first in batches[0].columns.items():
            parts = [batch.columns[name] for batch in batches]
            columns[name] = np.concatenate(parts) if isinstance(first, np.ndarray) else list(chain.from_iterable(parts))
        order, times = (
            [*chain.from_iterable(lists)] for lists in zip(*((b.order, b.times) for b in batches), strict=True)
        )
        return cls(columns, order, times)


class Collector:
    """Reads exchanges, and keeps their rows until they are stored. Used by one thread.

    Parameters
    ----------
    profile : Profile
    features, predictions : tuple of callable and RowReader, or None
        What finds them in a body, and what makes rows of it. No reader for predictions that the reference has not.
    outputs : collection of str
        Columns that are no features: of predictions and targets.
    content_types : collection of bytes
    max_body, max_pending : int

    Attributes
    ----------
    dropped, unpaired : Counter of str
        Requests of which nothing is counted, and those whose predictions are not, by reason. They only grow, and so do
        `n_rows` and `n_predictions`.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        features: tuple[Callable[[bytes], Any], RowReader] | None,
        predictions: tuple[Callable[[bytes], Any], RowReader | None] | None,
        outputs: Collection[str],
        content_types: Collection[bytes],
        max_body: int,
        max_pending: int,
    ) -> None:
        self._profile = profile
        self._features, self._predictions = features, predictions
        names = predictions[1].names if predictions is not None and predictions[1] is not None else ()
        self._outputs = frozenset(outputs)
        self._inputs = frozenset(profile.features) - set(names)
        self._content_types, self._max_body, self._max_pending = content_types, max_body, max_pending
        self.clear()

    def clear(self) -> None:
        """Forget everything: after a fork it is the parent's."""
        self.dropped: Counter[str] = Counter()
        self.unpaired: Counter[str] = Counter()
        self.n_rows = self.n_predictions = 0
        self._n_taken = 0
        self._pending: list[Batch] = []
        self.n_pending = 0

    def add(self, exchanges: Sequence[Exchange]) -> None:
        """Read some exchanges; nothing that one of them does costs another one."""
        paired: list[_Read] = []
        alone: list[_Read] = []
        for exchange in exchanges:
            try:
                read = self._read(exchange)
            except UnreadableError as error:
                self.dropped[str(error)] += 1
            except BaseException:  # noqa: BLE001 - a user's callable or any bytes at all, and the thread goes on
                self.dropped["extractor"] += 1
            else:
                (alone if read.predictions is None else paired).append(read)
        for read in self._keep(paired):  # what cannot be counted together is tried without the predictions
            if self._features is None:
                self.dropped["type"] += 1
            else:
                alone.append(_Read(read.time, read.rows, unpaired="type"))
        for _ in self._keep(alone):
            self.dropped["type"] += 1

    def take(self) -> list[Batch]:
        """Return what waits to be stored, and keep it until `stored` is called; one batch for each set of columns."""
        groups: dict[frozenset[str], list[Batch]] = {}
        for batch in self._pending:
            groups.setdefault(frozenset(batch.columns), []).append(batch)
        self._pending = [Batch.joined(group) for group in groups.values()]
        return self._pending

    def stored(self) -> None:
        """Let go of what `take` returned."""
        self._pending, self.n_pending = [], 0

    def _read(self, exchange: Exchange) -> _Read:
        rows: list[Row] = []
        if self._features is not None:
            find, reader = self._features
            rows = reader.read(find(self._body(exchange.request, exchange.request_headers)))
        predictions: list[Row] | None = None
        try:
            predictions = self._read_predictions(exchange, len(rows))
        except UnreadableError as error:
            reason = str(error)
        except BaseException:  # noqa: BLE001 - as above
            reason = "extractor"
        else:
            return _Read(int(exchange.time * 1e6), rows, predictions)
        if self._features is None:
            raise UnreadableError(reason)
        return _Read(int(exchange.time * 1e6), rows, unpaired=reason)

    def _read_predictions(self, exchange: Exchange, n_rows: int) -> list[Row] | None:
        if self._predictions is None:
            return None
        find, reader = self._predictions
        if reader is None:
            raise UnreadableError("no_reference")
        if isinstance(exchange.response, str):
            raise UnreadableError(exchange.response)
        found = reader.read(find(self._body(exchange.response, exchange.response_headers)))
        if self._features is not None and len(found) != n_rows:
            raise UnreadableError("mismatch")
        return found

    def _body(self, parts: Sequence[bytes], headers: Sequence[tuple[bytes, bytes]]) -> bytes:
        content_type, encoding = headers_of(headers)
        if not is_allowed(content_type, self._content_types):
            raise UnreadableError("content_type")
        return plain(joined(parts), encoding, self._max_body)

    def _columns(self, reads: list[_Read]) -> Columns:
        columns: Columns = {}
        if self._features is not None:
            rows = [row for read in reads for row in read.rows]
            columns = columns_of(rows, self._profile, without=self._outputs)
        if reads[0].predictions is not None:  # so it is for all of them
            rows = [row for read in reads for row in read.predictions or ()]
            columns |= columns_of(rows, self._profile, without=self._inputs)
        return columns

    def _keep(self, reads: list[_Read]) -> list[_Read]:
        """Keep the rows of what can be counted, and return the others; they are looked for in ever smaller groups."""
        n_rows = sum(read.n_rows for read in reads)
        try:
            columns = self._columns(reads) if n_rows else {}
        except BaseException:  # noqa: BLE001 - any value at all
            if len(reads) == 1:
                return reads
            middle = len(reads) // 2
            return self._keep(reads[:middle]) + self._keep(reads[middle:])
        if self.n_pending + n_rows > self._max_pending:
            self.dropped["store_away"] += len(reads)
            return []
        self.unpaired.update(read.unpaired for read in reads if read.unpaired)
        if not n_rows:
            return []
        times = [read.time for read in reads for _ in range(read.n_rows)]
        order = list(range(self._n_taken, self._n_taken + n_rows))
        self._pending.append(Batch(columns, order, times))
        self._n_taken += n_rows
        self.n_pending += n_rows
        self.n_rows += n_rows
        self.n_predictions += sum(len(read.predictions) for read in reads if read.predictions is not None)
        return []
