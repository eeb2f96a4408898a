"""Reports built by hand for the tests of the report package: realistic, hostile and very large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch.report.model import Bins, DriftReport, FeatureReport, SideSummary, Status, TestResult

if TYPE_CHECKING:
    from collections.abc import Iterable

LONG_NAME = "customer_lifetime_average_basket_value_excluding_vat_in_euro"
HOSTILE_NAME = (
    "a|b`c\n\r\x1b[31mred\x07[bold red]x[/] <script>alert(1)</script> ::error::x %0A , : *_ @octocat \u202e \ud800 ]]>"
)


def feature(name: str = "price", **changes: Any) -> FeatureReport:
    """Return a numeric feature that was tested and did not drift, unless `changes` say otherwise."""
    values: dict[str, Any] = {
        "name": name,
        "kind": "numeric",
        "status": Status.OK,
        "reason": None,
        "drift_detected": False,
        "significant": False,
        "material": False,
        "effect": 0.004,
        "signals": (),
        "flags": (),
        "n_reference": 10_000,
        "n_current": 8_400,
        "missing_reference": 0,
        "missing_current": 0,
        "tests": {
            "ks": TestResult(statistic=0.0141, is_test=True, pvalue=0.41, pvalue_adjusted=0.62),
            "psi": TestResult(statistic=0.002),
            "wasserstein": TestResult(statistic=0.08, details={"normalized": 0.01}),
        },
        "reference": SideSummary(mean=12.0, std=3.0, minimum=0.5, median=12.1, maximum=31.0),
        "current": SideSummary(mean=12.1, std=3.0, minimum=0.4, median=12.1, maximum=30.2),
        "bins": Bins(
            reference=(1000,) * 10,
            current=(850, 830, 845, 851, 822, 848, 839, 836, 835, 844),
            edges=(8.0, 9.2, 10.4, 11.3, 12.1, 12.9, 13.7, 14.9, 16.2),
        ),
    }
    return FeatureReport(**(values | changes))


def drifted(name: str = "price", **changes: Any) -> FeatureReport:
    """Return a numeric feature that drifted up."""
    values: dict[str, Any] = {
        "drift_detected": True,
        "significant": True,
        "material": True,
        "effect": 0.411,
        "direction": "up",
        "tests": {
            "ks": TestResult(statistic=0.4123, is_test=True, pvalue=3.2e-13, pvalue_adjusted=1.2e-12),
            "psi": TestResult(statistic=0.83),
            "wasserstein": TestResult(statistic=3.2, details={"normalized": 1.07}),
        },
        "current": SideSummary(mean=15.4, std=3.4, minimum=0.9, median=15.3, maximum=44.0),
        "bins": Bins(
            reference=(1000,) * 10,
            current=(90, 160, 250, 380, 560, 800, 1090, 1400, 1700, 1970),
            edges=(8.0, 9.2, 10.4, 11.3, 12.1, 12.9, 13.7, 14.9, 16.2),
        ),
    }
    return feature(name, **(values | changes))


def without_verdict(name: str, status: Status, reason: str, kind: str = "numeric") -> FeatureReport:
    """Return a feature that could not be tested."""
    return feature(
        name,
        kind=kind,
        status=status,
        reason=reason,
        significant=None,
        material=None,
        effect=None,
        tests={},
        reference=None,
        current=None,
        bins=None,
    )


def report(features: Iterable[FeatureReport] = (), **changes: Any) -> DriftReport:
    """Return a report over these features."""
    values: dict[str, Any] = {
        "driftwatch_version": "1.0.0.dev0",
        "created_at": "2026-07-01T12:00:00+00:00",
        "reference_hash": "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
        "alpha": 0.05,
        "correction": "fdr_bh",
        "min_effect": 0.05,
        "n_reference": 10_000,
        "n_current": 8_400,
        "only_in_reference": (),
        "only_in_current": (),
        "features": {item.name: item for item in features},
    }
    return DriftReport(**(values | changes))


def realistic() -> DriftReport:
    """Return a report with one feature of every sort."""
    carrier: dict[str, Any] = {
        "kind": "categorical",
        "reference": None,
        "current": None,
        "tests": {
            "chi2": TestResult(
                statistic=812.4,
                is_test=True,
                pvalue=1e-120,
                pvalue_adjusted=3e-120,
                details={"dof": 4, "pvalue_method": "pooled"},
            ),
            "total_variation": TestResult(statistic=0.197),
            "psi": TestResult(statistic=0.21),
        },
        "bins": Bins(
            reference=(3100, 2500, 2100, 1500, 800),
            current=(1008, 2604, 2520, 1428, 840),
            labels=("AA", "UA", "DL", "WN", "(other)"),
        ),
    }
    return report(
        [
            feature("distance"),
            without_verdict("flight_date", Status.SKIPPED, "time features drift by definition: reported, not tested"),
            drifted("price"),
            drifted("carrier", effect=0.195, direction="changed", signals=("unseen_levels",), **carrier),
            drifted(
                LONG_NAME,
                effect=0.36,
                direction="more missing",
                signals=("missing_share",),
                n_current=5_796,
                missing_reference=120,
                missing_current=2_604,
                tests={
                    "ks": TestResult(statistic=0.012, is_test=True, pvalue=0.55, pvalue_adjusted=0.7),
                    "missing": TestResult(3291.0, True, 0.0, 0.0, details={"cohens_h": 0.97}),
                },
            ),
            drifted(
                "sensor_gain",
                effect=1.0,
                reference=SideSummary(mean=5.0, std=0.0, minimum=5.0, median=5.0, maximum=5.0),
                current=SideSummary(mean=7.0, std=0.0, minimum=7.0, median=7.0, maximum=7.0),
                signals=("constant_changed",),
                flags=("constant_reference",),
                tests={
                    "ks": TestResult(statistic=1.0, is_test=True, pvalue=0.0, pvalue_adjusted=0.0),
                    "wasserstein": TestResult(2.0, reason="constant reference", details={"normalized": None}),
                },
                bins=Bins(reference=(0, 10_000), current=(0, 8_400), edges=(5.0,)),
            ),
            drifted(
                "dep_delay",
                effect=0.127,
                direction="wider",
                reference=SideSummary(mean=12.6, std=40.2, minimum=-43.0, median=-2.0, maximum=1301.0),
                current=SideSummary(mean=21.7, std=51.8, minimum=-21.0, median=1.0, maximum=1137.0),
                tests={"ks": TestResult(statistic=0.1291, is_test=True, pvalue=2e-68, pvalue_adjusted=9e-68)},
                bins=Bins(
                    reference=(1000,) * 10,
                    current=(1150, 640, 600, 560, 570, 640, 720, 900, 1120, 1500),
                    edges=(-8.0, -6.0, -5.0, -3.0, -2.0, 1.0, 6.0, 16.0, 44.0),
                ),
            ),
            feature("hour", significant=True, effect=0.031),
            feature("cancelled", kind="boolean", reference=None, current=None),
            feature("air_time"),
            without_verdict("tail_score", Status.INSUFFICIENT, "4 valid values in current, 10 are needed"),
            without_verdict(
                "gate",
                Status.ERROR,
                "numbers in reference, text in current: give the kind, or clean the column",
                "text",
            ),
            without_verdict("tailnum", Status.SKIPPED, "identifiers are reported, not tested", "identifier"),
        ],
        only_in_reference=("wind_speed",),
        only_in_current=("gate_code", "crew_id"),
    )
