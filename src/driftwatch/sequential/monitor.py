"""`SequentialMonitor`: one alarm over a stream without end, whose false alarms are bounded at every time (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from driftwatch.arrays.table import read_table
from driftwatch.errors import ConfigError
from driftwatch.sequential.goal import Goal
from driftwatch.sequential.history import History
from driftwatch.sequential.reading import read_rows
from driftwatch.sequential.state import load_state, save_state
from driftwatch.sequential.stream import Stream

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from driftwatch.arrays.schema import FeatureKind
    from driftwatch.sequential.result import SequentialResult
    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["SequentialMonitor"]


class SequentialMonitor:
    """Watches a stream, batch by batch or row by row, and raises one alarm when it no longer looks like the reference.

    The probability of *ever* raising a false alarm, however long the stream and however often it is looked at, is at
    most `alpha`. The alarm stays: after it, begin a new episode with a new reference.

    Parameters
    ----------
    reference : pandas, polars, pyarrow or other narwhals-readable table; mapping of names to columns; 2-D array
        Rows from before the stream, shape `(n_samples, n_features)`. Columns of an array are named `f0`, `f1`, ...
    alpha : float
        Probability that there is ever a false alarm, over all features together.
    arl : float, optional
        In place of `alpha`: the mean number of batches until a false alarm is at least this, and the probability of one
        within T batches at most T / arl. Sees a drift sooner, and does raise a false alarm some day.
    horizon : int, optional
        The number of batches that the stream is meant to have. `alpha` holds as before; drifts that begin within the
        horizon are seen a little sooner, and later ones hardly at all.
    features : sequence of str, optional
        Features to watch; all that can be tested by default.
    schema : mapping of str to FeatureKind or str, optional
        Kinds that are not left to inference, as for `Monitor`.
    seed : int
        Of the random keys that break ties. With many equal values the batch of an alarm depends on it by a batch or
        two; two different seeds must not be tried until one gives the wanted answer.
    keep_history : int
        Late batches whose evidence `history` and `plot` show.

    Raises
    ------
    InputError, InputTypeError
        If the reference cannot be read as a table, has fewer than ten rows or no feature that can be tested.
    ConfigError, UnknownNameError
        If a setting is out of range or names something that does not exist.

    Notes
    -----
    **Assumption.** Reference and stream are exchangeable while there is no drift: the order of rows says nothing.
    Nothing else is assumed: any distributions, repeated values, missing values (they rank above all others, so that a
    change of their share counts), features that depend on each other. Dependence *in time* breaks it: with an
    autocorrelation of 0.4 from row to row there is a false alarm in 58 % of runs within 100 batches of 20, and a daily
    cycle that the reference does not hold is drift. Thin such rows until neighbours no longer depend on each other,
    take one row per user, session or block, or feed means of blocks, in the reference as in the stream.

    **Method.** Each feature has a Polya urn: order statistics of the reference cut 64 cells, and a new row falls into
    each with a probability that is known exactly, given all rows before it, and that every row updates. The reference's
    own sampling error is in it; ranks against a fixed reference would raise a false alarm in every long stream. Some
    forty bets on changes of location, scale, odds and shape play against the urn, and new capital enters after
    every batch, since nobody knows when a drift begins. A feature's capital is a test martingale, its evidence: it
    exceeds x with probability at most 1/x, ever (Ville). There is an alarm when some feature's evidence reaches the
    number of features divided by `alpha`.

    A feature that a batch does not have, or whose type has changed, is left as it is, and is named in the result; the
    others go on. Batches without rows change nothing. Time is counted in batches: evidence depends a little on how rows
    are cut into them, and the guarantee not at all. The state is about 310 numbers per feature, for ever. A batch
    of another array library is copied to the host: its cells are found there.

    References
    ----------
    Ville (1939), *Étude critique de la notion de collectif*. Vovk, Nouretdinov and Gammerman (2003), "Testing
    exchangeability on-line", ICML. Vovk et al. (2021), "Retrain or not retrain: conformal test martingales for
    change-point detection", COPA. Shin, Ramdas and Rinaldo (2024), "E-detectors: a nonparametric framework for
    sequential change detection", New England J. Stat. Data Sci. 2(2).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> monitor = SequentialMonitor(rng.normal(size=(1000, 3)))
    >>> for _ in range(50):
    ...     result = monitor.update(rng.normal(size=(20, 3)))
    >>> result.drift_detected
    False
    >>> for _ in range(6):
    ...     result = monitor.update(rng.normal([0.0, 0.7, 0.0], 1.0, size=(20, 3)))
    >>> result.summary()
    "drift since batch 53 (batch 56, 1120 rows) in 'f1'"
    """

    def __init__(
        self,
        reference: Any,
        alpha: float = 0.05,
        *,
        arl: float | None = None,
        horizon: int | None = None,
        features: Sequence[str] | None = None,
        schema: Mapping[str, FeatureKind | str] | None = None,
        seed: int = 0,
        keep_history: int = 1000,
    ) -> None:
        goal = Goal(alpha, arl, horizon)
        self._history = _history(keep_history)
        table = read_table(reference, role="reference")
        self._stream = Stream.fit(table, goal, features=features, schema=schema, seed=seed)

    @property
    def feature_names(self) -> list[str]:
        """Features that are watched, in the order of the reference."""
        return list(self._stream.names)

    @property
    def skipped(self) -> dict[str, str]:
        """Columns of the reference that are not watched, with the reason."""
        return dict(self._stream.skipped)

    @property
    def threshold(self) -> float:
        """Evidence of one feature at which there is an alarm."""
        return self._stream.threshold

    @property
    def reference_hash(self) -> str:
        """A fingerprint of the reference, as in the reports of `Monitor`."""
        return self._stream.reference_hash

    @property
    def drift_detected(self) -> bool:
        """Whether there has been an alarm."""
        return bool(self._stream.detected_at)

    def update(self, batch: Any) -> SequentialResult:
        """Take in a batch and say where the alarm stands.

        Parameters
        ----------
        batch : anything that the reference can be
            Any number of rows, none included; columns are matched by name. A single row may be a 1-D array of all
            columns, or a mapping of names to single values.

        Returns
        -------
        SequentialResult

        Raises
        ------
        InputError, InputTypeError
            If it cannot be read as a table, or has none of the features. Nothing has changed then.
        """
        result = self._stream.update(read_rows(batch, self._stream.n_columns))
        self._history.append(result)
        return result

    @property
    def history(self) -> dict[str, HostArray]:
        """The last `keep_history` batches as columns: a dataframe library makes a table of them.

        `batch`, `n_rows` (so far), `log_threshold`, `log_evidence` (of the strongest feature) and one column
        `log_evidence:NAME` for each feature, all natural logarithms. A resumed monitor begins an empty one.
        """
        return self._history.table(self._stream.names, self.threshold)

    def plot(self, ax: Any | None = None) -> Any:
        """Draw the history of the evidence of up to ten features, and the threshold.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Drawn into; a new figure by default, which `ax.figure.savefig(...)` writes.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        MissingExtraError
            If a figure is needed and matplotlib is not installed.
        """
        return self._history.plot(self._stream.names, self.threshold, ax)

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on later: plain data that `json.dumps` takes, a few kB per feature.

        It holds up to 63 values of the reference of each feature, or the labels of as many levels.
        """
        return self._stream.to_state()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a file, all of it or nothing: `.npz`, or `.safetensors` with that extra.

        Raises
        ------
        ArchiveError
            If the file cannot be written; an older one is as it was.
        """
        save_state(path, self.state_dict())

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, reference: Any | None = None, keep_history: int = 1000) -> Self:
        """Return a monitor that goes on where `save` was called; as `from_state`, for a file.

        Raises
        ------
        InputError
            If the file is damaged, or its state is of another version or belongs to another reference.
        """
        return cls.from_state(load_state(path), reference=reference, keep_history=keep_history)

    @classmethod
    def from_state(cls, state: Mapping[str, Any], *, reference: Any | None = None, keep_history: int = 1000) -> Self:
        """Return a monitor that goes on where `state_dict` was called: every later result is the same to the last bit.

        Parameters
        ----------
        state : mapping
            As `state_dict` returned it, or as `json.loads` read it.
        reference : optional
            The reference, to make sure that it is the one the state was made with.
        keep_history : int
            As for the constructor.

        Raises
        ------
        InputError
            If the state is damaged, of another version, or belongs to another reference.
        """
        stream = Stream.from_state(state)
        if reference is not None:
            stream.require_reference(read_table(reference, role="reference"))
        monitor = cls.__new__(cls)  # the constructor takes a reference, of which a state holds the edges alone
        vars(monitor).update(_stream=stream, _history=_history(keep_history))
        return monitor


def _history(length: int) -> History:
    if length < 1:
        raise ConfigError(f"`keep_history` must be at least 1, got {length!r}.")
    return History(length)
