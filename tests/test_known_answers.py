"""The helper that hands out the known answers rebuilds the very samples that the answers were computed on."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from known_answers import DATASETS, KnownCase, cases, data_file, expected, pairs, tables

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    return np.array([value is None or value != value for value in values.tolist()])  # noqa: PLR0124 - NaN differs from itself


@pytest.mark.parametrize("dataset", DATASETS)
def test_data_files_are_the_ones_the_answers_were_computed_on(dataset: str) -> None:
    for name, digest in expected(dataset)["files_sha256"].items():
        if name.endswith(".parquet"):  # the images are not kept: only their features are
            assert hashlib.sha256(data_file(name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_samples_have_the_published_counts(case: KnownCase) -> None:
    missing = [int(_is_missing(values).sum()) for values in (case.reference, case.current)]
    assert missing == [case.expected["missing_ref"], case.expected["missing_cur"]]
    assert case.reference.size - missing[0] == case.expected["n_ref"]
    assert case.current.size - missing[1] == case.expected["n_cur"]


_WITH_MOMENTS = [case for case in cases() if "ref" in case.expected]


@pytest.mark.parametrize("case", _WITH_MOMENTS, ids=lambda case: case.id)
def test_samples_have_the_published_moments(case: KnownCase) -> None:
    for values, published in ((case.reference, case.expected["ref"]), (case.current, case.expected["cur"])):
        # A constant column has a std of rounding noise only; 1e-12 of the scale is far above it.
        scale = max(abs(published["min"]), abs(published["max"]))
        found = [np.nanmean(values), np.nanstd(values), np.nanmin(values), np.nanmax(values)]
        wanted = [published[key] for key in ("mean", "std_ddof0", "min", "max")]
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12 * scale)


@pytest.mark.parametrize("case", [case for case in cases() if case.kind == "categorical"], ids=lambda case: case.id)
def test_samples_have_the_published_category_counts(case: KnownCase) -> None:
    for values, side in ((case.reference, "counts_ref"), (case.current, "counts_cur")):
        found = dict(zip(*np.unique(values[~_is_missing(values)].astype(str), return_counts=True), strict=True))
        assert [found.get(level, 0) for level in case.expected["categories"]] == case.expected[side]


def test_every_set_has_its_pairs() -> None:
    three = ["drift", "null", "halves"]
    induced = [f"ref_vs_{kind}" for kind in ("iid", "labelshift", "dim", "noise", "flip")]
    assert {dataset: pairs(dataset) for dataset in DATASETS} == dict.fromkeys(DATASETS, three) | {"fashion": induced}


def test_null_halves_share_no_row_and_keep_every_row() -> None:
    reference, current = tables("rodents", "null")
    ids = np.concatenate([side.column("record_id").to_numpy() for side in (reference, current)])
    assert np.array_equal(np.sort(ids), np.sort(tables("rodents", "drift")[0].column("record_id").to_numpy()))


def test_unknown_pair_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"one of \['drift', 'null', 'halves'\], got 'nul'"):
        tables("flights", "nul")
