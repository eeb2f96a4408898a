"""From counts to a report: the same detectors and the same verdict as `Monitor`, at a level for a whole run (layer 4)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch._version import version
from driftwatch.arrays.column import Levels
from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors.binned_chi_squared import BinnedChiSquaredDetector
from driftwatch.detectors.chi_squared import ChiSquaredDetector
from driftwatch.detectors.jensenshannon import JensenShannonDetector
from driftwatch.detectors.ks import KSDetector
from driftwatch.detectors.psi import PSIDetector
from driftwatch.detectors.total_variation import TotalVariationDetector
from driftwatch.errors import ConfigError, InputError, shown
from driftwatch.kernels.collisions import repeated_rows
from driftwatch.monitor.evidence import Evidence, Finding, gather
from driftwatch.monitor.plan import Plan
from driftwatch.monitor.verdict import decide
from driftwatch.profile.grid import Grid, Tally, totals
from driftwatch.profile.sample import CategoricalSample
from driftwatch.profile.tallied import grid_sample
from driftwatch.report.model import DriftReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftwatch.detectors.base import BaseDetector

__all__ = ["compare"]

REPEATS = "repeated_rows"
ROWS = "rows"  # the entry of a report that stands for whole rows


def _detectors() -> tuple[BaseDetector[Any], ...]:
    """Return the detectors that need no more than counts."""
    return (
        KSDetector(),
        BinnedChiSquaredDetector(),
        ChiSquaredDetector(),
        PSIDetector(),
        JensenShannonDetector(),
        TotalVariationDetector(),
    )


def compare(
    grids: Grid | Mapping[str, Grid],
    tallies: Tally | Mapping[str, Tally],
    /,
    *,
    alpha: float | None = 0.05,
    n_checks: int = 1,
    correction: str = "holm",
    min_effect: float = 0.05,
    min_samples: int = 10,
    thresholds: Mapping[str, float] | None = None,
) -> DriftReport:
    """Return which features of the counts drifted from the grids' references.

    Parameters
    ----------
    grids : Grid, or mapping of str to Grid
        One for each layer, or a single one.
    tallies : Tally, or mapping of str to Tally
        Counts on the grids, under the same names.
    alpha : float or None
        Probability of a false alarm over all `n_checks` checks; None drops the significant leg.
    n_checks : int
        How many checks the run will make, usually its epochs. Each is made at `alpha / n_checks`.
    correction : {"holm", "bonferroni", "fdr_bh", "fdr_by", "none"}
        Over all layers, features and tests of the check. The first two hold the probability of a false alarm whatever
        the dependence, as between the dimensions of an embedding.
    min_effect, min_samples, thresholds
        As in `Monitor`.

    Returns
    -------
    DriftReport
        `f0`, `f1`, ... and `rows`, or `layer[0]`, `layer[1]`, ... and `layer[rows]` for a mapping; labels are one
        categorical feature. `rows` asks whether rows repeat more often than in the reference. The statistic `ks` is the
        one at the points of the grid and carries `error_bound`: the exact one is at most that much larger. The verdict
        uses the lower end.

    Raises
    ------
    ConfigError, UnknownNameError
        If a setting is out of range.
    InputError
        If grids and tallies do not belong together.

    Notes
    -----
    This is where a device is waited for; `d * n_cells` integers come to the host. The union bound over `n_checks` needs
    no independence of epochs, but the p-values need independent rows: the tokens of one sequence are not.

    Examples
    --------
    >>> from driftwatch import training
    >>> rng = np.random.default_rng(0)
    >>> grid = training.fit_grid(rng.normal(size=(2000, 3)))
    >>> tally = training.start(grid)
    >>> for _ in range(10):
    ...     tally = training.update(grid, tally, rng.normal([0.0, 0.0, 0.5], size=(100, 3)))
    >>> training.compare(grid, tally, n_checks=50).drifted_features
    ['f2']
    """
    if n_checks < 1 or n_checks != int(n_checks):
        raise ConfigError(f"`n_checks` must be a positive integer, got {n_checks!r}. Pass the number of epochs.")
    pairs = _pairs(grids, tallies)
    plan = Plan.build(
        detectors=_detectors(),
        thresholds=thresholds,
        alpha=alpha,
        correction=correction,
        min_effect=min_effect,
        min_samples=min_samples,
        schema=None,
        per_feature=None,
        known=(),
    )
    if plan.alpha is not None:
        plan = replace(plan, alpha=plan.alpha / n_checks)
    evidence = [item for name, (grid, tally) in pairs.items() for item in _evidence(name, grid, tally, plan)]
    return DriftReport(
        driftwatch_version=version(),
        created_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        reference_hash=_hash(pairs),
        alpha=plan.alpha,
        correction=plan.correction,
        min_effect=plan.min_effect,
        n_reference=max(item.n_reference + item.missing_reference for item in evidence),
        n_current=max(item.n_current + item.missing_current for item in evidence),
        only_in_reference=(),
        only_in_current=(),
        features=decide(evidence, plan, {item.name: item.kind for item in evidence}),
    )


def _pairs(grids: Grid | Mapping[str, Grid], tallies: Tally | Mapping[str, Tally]) -> dict[str, tuple[Grid, Tally]]:
    """Return grids with their tallies by name; a single pair has none."""
    if isinstance(grids, Grid) and isinstance(tallies, Tally):
        return {"": (grids, tallies)}
    if not isinstance(grids, Mapping) or not isinstance(tallies, Mapping):
        raise InputError("`grids` and `tallies` must be a Grid and a Tally, or two mappings under the same names.")
    if grids.keys() != tallies.keys() or not grids:
        raise InputError(
            f"`grids` and `tallies` must have the same names: got {shown(grids)} and {shown(tallies)}. "
            "Start one tally for each grid."
        )
    return {name: (grids[name], tallies[name]) for name in grids}


def _evidence(name: str, grid: Grid, tally: Tally, plan: Plan) -> Iterator[Evidence]:
    """Yield what was found for every feature of a layer, and for its rows."""
    if grid.holds_labels:
        yield from gather(_labels(name or "label", grid, tally), plan)
        return
    names = [f"{name}[{i}]" if name else f"f{i}" for i in range(grid.n_features)]
    yield from gather(grid_sample(names, grid, tally), plan)
    if grid.reference.rows.shape[0]:
        yield _repeats(f"{name}[{ROWS}]" if name else ROWS, grid, tally)


def _labels(name: str, grid: Grid, tally: Tally) -> CategoricalSample:
    n_classes = grid.n_cells - 2
    labels = ["below 0", *map(str, range(n_classes)), f"{n_classes} and above"]
    sides = []
    for counted in (grid.reference, tally):
        cells = totals(counted)[0][0]
        occurring = {label: int(n) for label, n in zip(labels, cells[:-1], strict=True) if n}
        sides.append(Levels(occurring, int(cells[-1])))
    return CategoricalSample([name], {name: sides[0]}, {name: sides[1]})


def _repeats(name: str, grid: Grid, tally: Tally) -> Evidence:
    """Return what the hash tables say of repeated rows."""
    reference, current = totals(grid.reference)[1], totals(tally)[1]
    share, pvalue = repeated_rows(reference, current)
    defined = not np.isnan(pvalue)
    finding = Finding(
        statistic=share if defined else None,
        is_test=True,
        pvalue=pvalue if defined else None,
        effect=min(max(share, 0.0), 1.0) if defined else None,
        measures={REPEATS: share if defined else None},
        details={"pvalue_method": "conditional binomial", "n_bins": int(reference.size)},
        reason=None if defined else "fewer than two rows on a side",
    )
    return Evidence(
        name,
        FeatureKind.IDENTIFIER,
        int(reference.sum()),
        int(current.sum()),
        0,
        0,
        findings={REPEATS: finding},
        direction="up",
    )


def _hash(pairs: Mapping[str, tuple[Grid, Tally]]) -> str:
    """Return a fingerprint of the references: edges and counts."""
    digest = hashlib.sha256()
    for name, (grid, _) in pairs.items():
        digest.update(name.encode())
        for array in (to_host(grid.edges), *totals(grid.reference)):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
