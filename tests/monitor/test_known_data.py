"""Public data: halves of one source raise no drift, and the drifts that were published are found."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest

from driftwatch import Monitor
from known_answers import KnownCase, cases, tables

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport


@functools.cache
def report_of(dataset: str, pair: str) -> DriftReport:
    reference, current = tables(dataset, pair)
    return Monitor(reference).check(current)


NULLS = [
    *((name, "null") for name in ("flights", "elec2", "rodents", "sotu_text", "sotu_emb")),
    ("fashion", "ref_vs_iid"),
]


@pytest.mark.parametrize(("dataset", "pair"), NULLS)
def test_two_halves_of_one_source_have_not_drifted(dataset: str, pair: str) -> None:
    report = report_of(dataset, pair)
    assert report.drifted_features == []
    assert any(feature.status == "ok" for feature in report.features.values())


@pytest.mark.parametrize(
    ("dataset", "feature"),
    [
        ("elec2", "nswprice"),
        ("elec2", "vicprice"),
        ("elec2", "transfer"),
        ("rodents", "species_id"),
        ("rodents", "weight"),
        ("flights", "dep_delay"),
        ("flights", "month"),
    ],
)
def test_published_drift_is_found(dataset: str, feature: str) -> None:
    assert feature in report_of(dataset, "drift").drifted_features


@pytest.mark.parametrize("feature", ["hour", "day"])
def test_change_that_is_significant_and_small_is_not_material(feature: str) -> None:
    found = report_of("flights", "drift").features[feature]
    assert (found.material, found.drift_detected) == (False, False)


SMALLEST_PVALUE = 1e-100  # below, the oracle's own digits end


def assert_pvalue(found: float | None, wanted: float) -> None:
    assert found is not None
    if wanted < SMALLEST_PVALUE:
        assert found < SMALLEST_PVALUE
    else:
        assert found == pytest.approx(wanted, rel=1e-6)


@functools.cache
def forced_report_of(dataset: str, pair: str) -> DriftReport:
    """Return the report with the kinds of the answers, which were computed for some columns that name the rows."""
    reference, current = tables(dataset, pair)
    kinds = {case.column: case.kind for case in cases() if (case.dataset, case.pair) == (dataset, pair)}
    return Monitor(reference, schema=kinds, features=list(kinds)).check(current)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_report_holds_the_published_answers(case: KnownCase) -> None:
    feature, known = forced_report_of(case.dataset, case.pair).features[case.column], case.expected
    counts = [feature.n_reference, feature.n_current, feature.missing_reference, feature.missing_current]
    assert counts == [known[key] for key in ("n_ref", "n_cur", "missing_ref", "missing_cur")]
    found = {name: test.statistic for name, test in feature.tests.items()}
    if case.kind == "numeric":
        ks = feature.tests["ks"]
        wanted = {"ks": known["ks"]["statistic"], "wasserstein": known["wasserstein"]}
        how = "pvalue_auto" if ks.details["pvalue_method"] == "exact" else "pvalue_asymp"
        assert_pvalue(ks.pvalue, known["ks"][how])
    else:
        chi2 = feature.tests["chi2"]
        wanted = {"chi2": known["chi2"]["statistic"], "total_variation": known["tvd"]}
        assert chi2.details["dof"] == known["chi2"]["dof"]
        assert_pvalue(float(chi2.details["pvalue_asymptotic"] or 0.0), known["chi2"]["pvalue"])
    if not known.get("psi_rounding_sensitive") and not known.get("psi_degenerate"):
        wanted |= {"psi": known["psi_clip_1e-4"], "jensenshannon": known["js_distance"]}
    if "missing_chi2" in known:
        wanted["missing"] = known["missing_chi2"]["statistic"]
    assert {name: found[name] for name in wanted} == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_two_monitors_of_one_reference_have_one_hash() -> None:
    reference, _ = tables("elec2", "drift")
    frames = (reference, reference.to_pandas(), {name: reference.column(name) for name in reference.column_names})
    assert len({Monitor(frame).profile.hash for frame in frames}) == 1
