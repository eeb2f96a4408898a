"""What one update of a `SequentialMonitor` says: plain data (layer 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.errors import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["FeatureEvidence", "SequentialResult"]

LARGEST_LOG = math.log(np.finfo(np.float64).max)


@dataclass(frozen=True, slots=True)
class FeatureEvidence:
    """One feature: its evidence now, and the batch at which it reached the threshold, None if it never did."""

    evidence: float
    log_evidence: float
    drift_detected: bool
    detected_at: int | None


@dataclass(frozen=True, slots=True, eq=False)
class SequentialResult:
    """The state of the alarm after one batch.

    Parameters
    ----------
    drift_detected : bool
        Whether any feature has reached the threshold, now or in an earlier batch.
    batch : int
        Number of the batch, from 1; one without rows has the number of the batch before.
    n_rows : int
        Rows seen so far.
    threshold : float
        Evidence of one feature at which there is an alarm.
    feature_names : tuple of str
    log_evidence : array, shape (d,)
        Natural logarithm of the evidence of each feature. -inf where there is none.
    detected_at : mapping of str to int
        The batch at which a feature first reached the threshold.
    absent : tuple of str
        Features that this batch did not have.
    problems : mapping of str to str
        Features that this batch had and that could not be read, with the reason.
    """

    drift_detected: bool
    batch: int
    n_rows: int
    threshold: float
    feature_names: tuple[str, ...]
    log_evidence: HostArray
    detected_at: Mapping[str, int]
    absent: tuple[str, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def evidence(self) -> float:
        """Largest evidence over the features; the largest float where it is larger than that."""
        return _capped(float(self.log_evidence.max()))

    @property
    def features(self) -> dict[str, FeatureEvidence]:
        """Every feature by name."""
        return {
            name: FeatureEvidence(_capped(value), value, name in self.detected_at, self.detected_at.get(name))
            for name, value in zip(self.feature_names, self.log_evidence.tolist(), strict=True)
        }

    @property
    def drifted_features(self) -> list[str]:
        """Features that have reached the threshold, the first one first."""
        return sorted(self.detected_at, key=self.detected_at.__getitem__)

    @property
    def suspected_features(self) -> list[str]:
        """Features chosen by e-BH at this moment, strongest first: all that are over the threshold, and perhaps more.

        The expected share of false ones among them is at most `alpha` at a time that was fixed beforehand, not at
        every time: a list of where to look once there is an alarm, and no alarm by itself.

        References
        ----------
        Wang and Ramdas (2022), "False discovery rate control with e-values", J. R. Stat. Soc. B 84(3).
        """
        order = np.argsort(-self.log_evidence, kind="stable")
        needed = math.log(self.threshold) - np.log(np.arange(1, len(order) + 1))
        enough = np.flatnonzero(self.log_evidence[order] >= needed)
        return [self.feature_names[i] for i in order[: enough[-1] + 1 if enough.size else 0]]

    def summary(self) -> str:
        """Return one line for a log."""
        where = f"batch {self.batch}, {self.n_rows} rows"
        if not self.drift_detected:
            return f"no drift so far ({where}): evidence {self.evidence:.3g} of {self.threshold:.6g}"
        since = min(self.detected_at.values())
        return f"drift since batch {since} ({where}) in {shown(self.drifted_features)}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; a logarithm of no evidence is None."""
        return {
            "drift_detected": self.drift_detected,
            "batch": self.batch,
            "n_rows": self.n_rows,
            "threshold": self.threshold,
            "evidence": self.evidence,
            "drifted_features": self.drifted_features,
            "features": {
                name: {
                    "evidence": feature.evidence,
                    "log_evidence": feature.log_evidence if math.isfinite(feature.log_evidence) else None,
                    "drift_detected": feature.drift_detected,
                    "detected_at": feature.detected_at,
                }
                for name, feature in self.features.items()
            },
            "absent": list(self.absent),
            "problems": dict(self.problems),
        }


def _capped(log_value: float) -> float:
    return math.exp(min(log_value, LARGEST_LOG))
