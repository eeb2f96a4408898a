"""The smallest drift of each feature that a rule sees in a window (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.editing import Editable
from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind, Storage
from driftwatch.kernels.rank_rotation import normal_scores
from driftwatch.monitor.injection import Block, LevelShift, MeanShift, Rotation, VectorShift

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from driftwatch._typing import Array
    from driftwatch.arrays.table import Table
    from driftwatch.monitor.injection import Injection
    from driftwatch.monitor.outcomes import Outcome
    from driftwatch.profile.embedding import EmbeddingBlock
    from driftwatch.profile.feature import ReferenceFeature
    from driftwatch.profile.profile import Profile

__all__ = ["injections", "search"]

NDArray = np.ndarray[Any, Any]

N_HALVINGS = 8  # of the logarithm of the range: the answer is within 4 % of the smallest strength seen
TIED = 0.5  # with fewer distinct values than this share of the rows, values are taken to lie on a grid
CONSTANT = "constant in the reference"


def injections(profile: Profile, rows: Table) -> tuple[dict[str, Injection], dict[str, str]]:
    """Return a drift for every feature of a reference that is tested, and for the others the reason that there is none."""
    found: dict[str, Injection] = {}
    reasons: dict[str, str] = {}
    table = Editable(rows)
    for name, feature in profile.features.items():
        drift = _injection(profile, table, feature)
        if isinstance(drift, str):
            reasons[name] = drift
        else:
            found[name] = drift
    return found, reasons


def _injection(profile: Profile, table: Editable, feature: ReferenceFeature) -> Injection | str:
    """Return the drift of one feature, or the reason that there is none."""
    name = feature.name
    if feature.problem is not None or feature.untested_reason is not None:
        return feature.problem or feature.untested_reason or ""
    if name in profile.embeddings:
        block = profile.embeddings[name]
        return _rotation(block) if feature.kind is FeatureKind.JOINT else _vector_shift(block)
    if feature.kind is FeatureKind.NUMERIC and feature.storage is Storage.NUMBER:
        values = table.values(name).astype(np.float64)
        values = values[np.isfinite(values)]
        sigma = float(np.std(values)) if values.size else 0.0
        return MeanShift(sigma, _grid(values, sigma)) if sigma > 0.0 else CONSTANT
    if name in profile.levels and len(profile.levels[name].counts) > 1:
        present = [value for value in table.values(name).tolist() if value is not None and value == value]  # noqa: PLR0124
        return LevelShift(_rarest(present))
    if name in profile.levels:
        return "one level only in the reference"
    return f"no drift is simulated for {feature.kind} features that hold {feature.storage}"


def _grid(values: NDArray, sigma: float) -> float:
    """Return the width of the cells that values lie on: 1 for whole numbers, one sigma where many are equal, else 0."""
    if bool((values == np.rint(values)).all()):
        return 1.0
    return sigma if len(np.unique(values)) < TIED * len(values) else 0.0


def _rarest(values: list[Any]) -> Any:
    counts: dict[Any, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return min(counts, key=lambda level: (counts[level], str(level)))


def _vector_shift(block: EmbeddingBlock) -> VectorShift | str:
    """Return a shift along the first principal direction, in standard deviations of the rows along it.

    It is the one direction that the rows themselves single out: no seed decides it, and in it a standard deviation is
    longest.
    """
    x = to_host(block.kept.rows).astype(np.float64)
    if len(x) == 0:
        return "no complete rows in the reference"
    x -= x.mean(axis=0)
    wide = x.shape[1] > x.shape[0]
    spectrum, vectors = np.linalg.eigh(x @ x.T if wide else x.T @ x)  # of the smaller one of the two, which share it
    direction = x.T @ vectors[:, -1] if wide else vectors[:, -1]
    length = float(np.linalg.norm(direction))
    sigma = float(np.sqrt(max(spectrum[-1], 0.0) / len(x)))
    if sigma == 0.0 or length == 0.0:
        return CONSTANT
    direction *= np.sign(direction[np.argmax(np.abs(direction))]) / length
    return VectorShift(sigma * direction)


def _rotation(block: EmbeddingBlock) -> Rotation:
    """Return a turn of the columns two by two, each pair to the side where there is more room."""
    x = to_host(block.kept.rows).astype(np.float64)
    rng = np.random.default_rng(0)
    scores = [normal_scores(column, rng) if len(column) else column for column in x.T]
    pairs = zip(block.columns[::2], block.columns[1::2], scores[::2], scores[1::2], strict=False)
    return Rotation(tuple((first, second, -1.0 if float(u @ v) > 0.0 else 1.0) for first, second, u, v in pairs))


def search(
    window: Table,
    drifts: Mapping[str, Injection],
    look: Callable[[Table, Sequence[str]], Outcome],
    sees: Callable[[str, Outcome], bool],
    rng: np.random.Generator,
) -> dict[str, float]:
    """Return the smallest strength of each feature's drift that is seen in one window; infinite where none is.

    Features drift in one look, each at a strength of its own, and each is judged as if the others had not; what touches
    columns of other features has a look of its own.

    Parameters
    ----------
    window : Table
        Without drift.
    drifts : mapping of str to Injection
    look : callable
        Takes a table and names of features, and returns the outcome of these.
    sees : callable
        Takes the name of a feature and an outcome, and returns whether the feature is an alarm.
    rng : numpy.random.Generator
    """
    block = Block(window)
    draws = {name: rng.random(window.n_rows) for name in drifts}

    def seen(strengths: Mapping[str, float]) -> dict[str, bool]:
        together = [name for name in strengths if not drifts[name].alone]
        found: dict[str, bool] = {}
        for names in (together, *([name] for name in strengths if drifts[name].alone)):
            edits: dict[str, Array] = {}
            for name in names:
                edits |= drifts[name].into(block, name, strengths[name], draws[name])
            if names:
                outcome = look(block.edited(edits), names)
                found |= {name: sees(name, outcome) for name in names}
        return found

    answer = dict.fromkeys(drifts, np.inf)
    found = seen({name: drift.high for name, drift in drifts.items()})
    low = {name: float(np.log(drift.low)) for name, drift in drifts.items() if found[name]}
    high = {name: float(np.log(drifts[name].high)) for name in low}
    for _ in range(N_HALVINGS if low else 0):
        middle = {name: (low[name] + high[name]) / 2.0 for name in low}
        for name, hit in seen({name: float(np.exp(x)) for name, x in middle.items()}).items():
            (high if hit else low)[name] = middle[name]
    return answer | {name: drifts[name].settled(float(np.exp(x)), window.n_rows) for name, x in high.items()}
