"""Power of the default embedding verdict beside alibi-detect's two tests, at equal false-alarm rate, on real data.

Command: nox -s calibration -- --only embeddings

Every cell is a set, a window and a share of its rows that drifted; a share of 0 is no drift. In each run reference and window
are drawn afresh without replacement. Three tests at level 0.05 see the same rows and relabelings:

- ours: `Monitor` with the embedding as its only feature, significant leg alone and whole verdict.
- MMD as alibi-detect has it: one Gaussian kernel, its bandwidth the median distance within the reference, unbiased.
- KS + Bonferroni as alibi-detect has it rejects where the smallest p-value of all dimensions is small, that is where the
  largest D is. Bonferroni makes it reject less than 5 % without drift; here the largest D is tested by permutations, so that all
  three have the same false-alarm rate. What it does as it ships stands beside it.

Both statistics were compared with alibi-detect 0.13.0 on PyTorch 2.13.0: D and the p-values of KS are equal to float32's last
digit, MMD² agrees to 1e-6 (`embeddings.py` checks it again whenever it runs).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch import MMDDetector, Monitor
from driftwatch.kernels import ks_2samp, mmd_2samp
from driftwatch.kernels._row_pairs import permutation_pvalue, permuted_labels, row_pair
from driftwatch.kernels.sliced import permuted_ecdf_distances

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Rows = NDArray[np.float32]

DATA = Path(__file__).parent / "data" / "embeddings.npz"
SEED = 20261123
ALPHA = 0.05
N_PERMUTATIONS = 199
WINDOWS = (50, 200)
RUNS = 50
# Shares at which tests find some of the drift and not all of it, where they would not differ: by window, times the factor.
SHARES = {50: 0.6, 100: 0.4, 200: 0.3, 500: 0.15}
FACTORS = {"sotu": 1.0, "labels": 0.9, "flip": 0.7, "noise": 0.5, "dim": 0.8}
N_REFERENCE = 400
MAX_PIXEL = 255.0


def load() -> dict[str, tuple[Rows, Rows, Rows]]:
    """Return by set: rows to draw the reference from, and rows of current data without and with drift."""
    with np.load(DATA) as data:
        sotu = [data[name].astype(np.float32) for name in ("sotu_reference", "sotu_current")]
        images = [data[name].astype(np.float32) / MAX_PIXEL for name in ("fashion_reference", "fashion_other")]
        labels = data["fashion_labels"]
    reference, other = (x.reshape(len(x), -1) for x in images)
    noise = np.random.default_rng(SEED).normal(0.0, 0.1, other.shape)
    drifted = {
        "labels": other[labels < 5],
        "flip": images[1][:, :, ::-1].reshape(len(other), -1),
        "noise": np.clip(other + noise, 0.0, 1.0).astype(np.float32),
        "dim": 0.8 * other,
    }
    sets = {"sotu": (sotu[0], np.empty((0, sotu[0].shape[1]), np.float32), sotu[1])}
    return sets | {name: (reference, other, rows) for name, rows in drifted.items()}


def draw(rows: tuple[Rows, Rows, Rows], window: int, share: float, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Return a reference and a window, a share of which drifted; no row is in both."""
    pool, same, drifted = rows
    order = rng.permutation(len(pool))
    reference, rest = pool[order[:N_REFERENCE]], pool[order[N_REFERENCE:]]
    same = same if len(same) else rest
    k = min(int(rng.binomial(window, share)), len(drifted))
    # positions are drawn once for both, so that an image and its drifted copy are not in one window
    clean = rng.permutation(len(same))[: window - k]
    moved = rng.permutation(len(drifted))
    if len(drifted) == len(same):
        moved = np.setdiff1d(moved, clean, assume_unique=True)
        moved = rng.permutation(moved)
    return reference, np.concatenate([same[clean], drifted[moved[:k]]])


def ours(reference: Rows, current: Rows, seed: int) -> dict[str, bool]:
    detector = MMDDetector(n_permutations=N_PERMUTATIONS, max_permutations=N_PERMUTATIONS, seed=seed)
    feature = Monitor({"x": reference}, detectors=[detector]).check({"x": current}).features["x"]
    return {"driftwatch, significant": bool(feature.significant), "driftwatch, verdict": feature.drift_detected}


def alibi_mmd(reference: Rows, current: Rows, seed: int) -> dict[str, bool]:
    found = mmd_2samp(reference, current, median_of="reference", n_permutations=N_PERMUTATIONS, rng=seed)
    return {"MMD": bool(found.pvalue <= ALPHA)}


def alibi_ks(reference: Rows, current: Rows, seed: int) -> dict[str, bool]:
    pair = row_pair(reference, current, nan_policy="raise", xp=np)
    labels = permuted_labels(pair, N_PERMUTATIONS, seed, xp=np)
    largest = permuted_ecdf_distances(pair.pooled, labels, pair, xp=np)[0].max(axis=1)
    shipped = ks_2samp(reference, current, method="asymp").pvalue.min() <= ALPHA / reference.shape[1]
    calibrated = permutation_pvalue(largest, slack=1e-9, xp=np) <= ALPHA
    return {"KS": bool(calibrated), "KS + Bonferroni as shipped": bool(shipped)}


TESTS: tuple[Callable[[Rows, Rows, int], dict[str, bool]], ...] = (ours, alibi_mmd, alibi_ks)


def cell(name: str, rows: tuple[Rows, Rows, Rows], window: int, share: float) -> dict[str, Any]:
    """Return the rejection rates of one cell."""
    outcomes: list[dict[str, bool]] = []
    for run in range(RUNS):
        rng = np.random.default_rng([SEED, window, run, len(name), int(1000 * share)])
        reference, current = draw(rows, window, share, rng)
        outcomes.append({key: value for test in TESTS for key, value in test(reference, current, run).items()})
    rates = {key: float(np.mean([outcome[key] for outcome in outcomes])) for key in outcomes[0]}
    ahead = [int(one["driftwatch, verdict"]) - int(one[other]) for one in outcomes for other in ("MMD",)]
    ahead_ks = [int(one["driftwatch, verdict"]) - int(one["KS"]) for one in outcomes]
    return {
        "set": name,
        "window": window,
        "share": share,
        "runs": RUNS,
        "rates": rates,
        "ahead of MMD": _difference(ahead),
        "ahead of KS": _difference(ahead_ks),
    }


@dataclass(frozen=True)
class Cell:
    """The rates of one cell; nothing that they could miss, as a power is compared and not bounded."""

    found: dict[str, Any]
    missed: bool = False

    def line(self) -> str:
        rates = "  ".join(f"{key} {rate:.3f}" for key, rate in self.found["rates"].items())
        return f"  {self.found['set']:7} {self.found['window']:4} share {self.found['share']:5.3f}  {rates}"

    def as_dict(self) -> dict[str, Any]:
        return self.found


def _difference(values: list[int]) -> dict[str, float]:
    """Return the mean of paired differences and its Monte-Carlo error."""
    return {"mean": float(np.mean(values)), "error": float(np.std(values) / math.sqrt(len(values)))}


def run() -> Iterator[Cell]:
    """Yield every cell."""
    for name, rows in load().items():
        for window in WINDOWS:
            for share in (0.0, round(FACTORS[name] * SHARES[window], 3)):
                if share == 0.0 and name in {"flip", "noise", "dim"}:
                    continue  # the same rows as "labels" without drift
                yield Cell(cell(name, rows, window, share))
