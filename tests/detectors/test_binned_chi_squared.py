from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from driftwatch import Monitor
from driftwatch.detectors import BinnedChiSquaredDetector, KSDetector

RNG = np.random.default_rng(0)


def test_pvalue_is_that_of_scipy_on_the_same_bins() -> None:
    reference, current = RNG.normal(size=2_000), RNG.normal(scale=1.1, size=1_500)
    report = Monitor({"x": reference}, detectors=[KSDetector(), BinnedChiSquaredDetector()]).check({"x": current})
    bins = report.features["x"].bins
    assert bins is not None
    expected = stats.chi2_contingency([bins.reference, bins.current], correction=False)
    found = report.features["x"].tests["chi2_bins"]
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-9)
    assert found.pvalue == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.details["dof"] == 9


def test_change_of_spread_is_more_significant_than_to_ks() -> None:
    reference, current = RNG.normal(size=2_000), RNG.normal(scale=1.25, size=2_000)
    report = Monitor({"x": reference}, detectors=[KSDetector(), BinnedChiSquaredDetector()]).check({"x": current})
    ks, chi2 = (report.features["x"].tests[name].pvalue for name in ("ks", "chi2_bins"))
    assert ks is not None
    assert chi2 is not None
    assert chi2 < ks / 100.0


def test_thin_bins_have_no_pvalue_and_say_so() -> None:
    monitor = Monitor({"x": RNG.normal(size=60)}, detectors=[KSDetector(), BinnedChiSquaredDetector()])
    found = monitor.check({"x": RNG.normal(size=12)}).features["x"].tests["chi2_bins"]
    assert found.pvalue is None
    assert found.reason == "no p-value: an expected count is below 5"
