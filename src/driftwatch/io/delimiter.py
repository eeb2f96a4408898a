"""Which character separates the fields of a text table (layer 4, standard library only)."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from itertools import islice

__all__ = ["sniff_delimiter"]

_DELIMITERS = (",", "\t", ";", "|")  # in order of preference where two fit equally well
_RECORDS_SEEN = 100


def sniff_delimiter(head: bytes, *, prefer: str | None = None) -> str | None:
    r"""Return the delimiter that splits the header and the first records alike, or None for a single column.

    Parameters
    ----------
    head : bytes
        The start of the text, in UTF-8; a last line that is cut off does no harm.
    prefer : str, optional
        A delimiter that wins whenever it occurs in the header (the tab of a `.tsv` file).

    Notes
    -----
    Quotes are respected. The best delimiter is the one by which the largest share of the records has as many fields
    as the header; then the one that tears fewer quoted fields; then the one with more fields. `csv.Sniffer` is not used: it guesses from character frequencies,
    and takes letters for delimiters.

    Examples
    --------
    >>> sniff_delimiter(b'name;"notes, long"\n1,5;"a;b"\n')
    ';'
    """
    text = head.decode("utf-8-sig", errors="replace")
    fits = {delimiter: _fit(text, delimiter) for delimiter in _DELIMITERS}
    if prefer is not None and fits[prefer][-1] > 1:
        return prefer
    best = max(_DELIMITERS, key=lambda delimiter: fits[delimiter])  # max keeps the first of equals
    return best if fits[best][-1] > 1 else None


def _fit(text: str, delimiter: str) -> tuple[float, int, int]:
    """Return the share of records as long as the header, minus the number of torn fields, and the header's length."""
    lengths: list[int] = []
    n_torn = 0
    records = islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), _RECORDS_SEEN)
    with suppress(csv.Error):  # a field beyond the csv module's limit: what was read so far decides
        for record in filter(None, records):
            lengths.append(len(record))
            # A wrong delimiter tears quoted fields apart and leaves one of the two quotes in each part.
            n_torn += sum(field.count('"') % 2 for field in record)
    if not lengths or lengths[0] == 1:
        return 0.0, -n_torn, 1

    rows = lengths[1:-1] or lengths[1:]  # the last record may be cut off
    return (sum(n == lengths[0] for n in rows) / len(rows) if rows else 1.0), -n_torn, lengths[0]
