"""Prometheus' text format, version 0.0.4 (layer 4): written by hand, as it is small, and needs no library."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from driftwatch.metrics.of_report import DEFAULT_TOP
from driftwatch.metrics.of_store import LastChecks, StoreMetrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from driftwatch.metrics.model import Family, Part, Spec
    from driftwatch.store.protocol import Store

__all__ = ["CONTENT_TYPE", "PrometheusText", "render_metrics", "render_text"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = {"\\": r"\\", "\n": r"\n", '"': r"\""}
_ESCAPED = re.compile("|".join(map(re.escape, _ESCAPES)))

# What was written of a part, for as long as the part lives: a scrape of thousands of features is then a few joins.
_WRITTEN: WeakKeyDictionary[Part, str] = WeakKeyDictionary()
# By store and number of features: `render_metrics` may be called with the same ones again and again.
_OF_STORE: WeakKeyDictionary[Store, dict[int | None, LastChecks]] = WeakKeyDictionary()


def render_text(families: Iterable[Family]) -> bytes:
    r"""Return the families in the text format, UTF-8.

    Names of features are data that somebody else wrote: whatever is in them stays inside of the quotes.

    Examples
    --------
    >>> from driftwatch.metrics.catalog import SPECS
    >>> from driftwatch.metrics.model import Family, Part, Sample
    >>> rows = Family(SPECS["window_rows"], (Part((Sample(('the "m"',), 1000),)),))
    >>> print(render_text([rows]).decode(), end="")
    # HELP driftwatch_window_rows Rows of the last check.
    # TYPE driftwatch_window_rows gauge
    driftwatch_window_rows{model="the \"m\""} 1000
    """
    return "".join(_lines(family) for family in families).encode()


class PrometheusText:
    """The metrics of a store in the text format, for a page that Prometheus scrapes or a file that it reads.

    Parameters
    ----------
    store : Store
    top, pvalues
        As for `StoreMetrics`.

    Attributes
    ----------
    content_type : str
        For the header of the page.
    """

    content_type = CONTENT_TYPE

    def __init__(self, store: Store, *, top: int | None = DEFAULT_TOP, pvalues: bool = False) -> None:
        self._metrics = StoreMetrics(store, top=top, pvalues=pvalues)

    def render(self) -> bytes:
        """Return the text as it is now.

        Raises
        ------
        StoreError
            If the store cannot be read. Answer 503: a page without series would look like a model without drift.
        """
        return render_text(self._metrics.families())


def render_metrics(store: Store, *, top: int | None = DEFAULT_TOP) -> bytes:
    """Return the metrics of a store in Prometheus' text format; `CONTENT_TYPE` is its type.

    Parameters
    ----------
    store : Store
        Reports that were read before are not read again while it is open.
    top : int, optional
        Features of each stream with series of their own. None for all.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from driftwatch.store import SQLiteStore
    >>> with tempfile.TemporaryDirectory() as folder, SQLiteStore(pathlib.Path(folder) / "driftwatch.db") as store:
    ...     render_metrics(store).decode().splitlines()[1]
    '# TYPE driftwatch_build_info gauge'
    """
    known = _OF_STORE.setdefault(store, {})
    if top not in known:
        known[top] = LastChecks(top=top)
    return render_text(known[top].families(store))


def _lines(family: Family) -> str:
    spec = family.spec
    described = spec.help.replace("\\", r"\\").replace("\n", r"\n")
    head = f"# HELP {spec.name} {described}\n# TYPE {spec.name} {spec.kind}\n"
    return head + "".join(_written(spec, part) for part in family.parts)


def _written(spec: Spec, part: Part) -> str:
    text = _WRITTEN.get(part)
    if text is None:
        text = "".join(
            f"{spec.name}{{{_labels(spec.labels, sample.labels)}}} {_number(sample.value)}\n" for sample in part.samples
        )
        _WRITTEN[part] = text
    return text


def _labels(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    return ",".join(f'{name}="{_ESCAPED.sub(_escape, value)}"' for name, value in zip(names, values, strict=True))


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES[found[0]]


def _number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    if math.isfinite(value):
        return repr(float(value))
    return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
