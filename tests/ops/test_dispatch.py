"""Which implementation runs where is what the catalog says."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

import array_api_strict
import numpy as np
import pytest

from driftwatch import ops
from driftwatch.ops import _dispatch, generic
from driftwatch.ops import numpy as for_numpy
from driftwatch.ops._catalog import CATALOG, OpSpec, Override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _parameters(function: Callable[..., Any]) -> list[tuple[str, Any, Any]]:
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.fixture
def from_ten_values_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalog in which NumPy's own `rank` pays from ten values on."""
    spec = OpSpec("rank", "", overrides={"numpy": Override("driftwatch.ops.numpy", min_size=10)})
    monkeypatch.setattr(_dispatch, "CATALOG", {**CATALOG, "rank": spec})
    _dispatch._candidates.cache_clear()
    yield
    _dispatch._candidates.cache_clear()


def test_catalog_has_a_row_for_every_primitive() -> None:
    assert sorted(CATALOG) == ops.__all__
    assert sorted(CATALOG) == sorted(name for name in generic.__all__ if name != "Side")


@pytest.mark.parametrize("spec", CATALOG.values(), ids=lambda spec: spec.name)
def test_every_override_has_the_signature_of_the_definition(spec: OpSpec) -> None:
    wanted = _parameters(getattr(generic, spec.name))
    for override in spec.overrides.values():
        assert _parameters(getattr(importlib.import_module(override.module), spec.name)) == wanted
    assert _parameters(getattr(ops, spec.name)) == wanted


@pytest.mark.parametrize("spec", CATALOG.values(), ids=lambda spec: spec.name)
def test_every_override_says_why_it_pays(spec: OpSpec) -> None:
    assert all(override.reason for override in spec.overrides.values())


def test_override_runs_for_its_backend_and_the_definition_for_all_others() -> None:
    assert _dispatch.implementation("rank", np, 5) is for_numpy.rank
    assert _dispatch.implementation("rank", array_api_strict, 5) is generic.rank
    assert _dispatch.implementation("merge_ks_w1", np, 5) is generic.merge_ks_w1


def test_primitives_that_build_on_others_run_their_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    """The definition of `merge_ks_w1` needs ranks, and takes them from wherever the catalog says for its arrays."""
    x = np.arange(4.0)[None, :]
    expected = ops.merge_ks_w1(x, x + 1.0, 4, 4, xp=np)
    monkeypatch.delattr(generic, "rank")
    assert ops.merge_ks_w1(x, x + 1.0, 4, 4, xp=np) == expected


@pytest.mark.usefixtures("from_ten_values_on")
def test_small_inputs_run_the_definition() -> None:
    assert _dispatch.implementation("rank", np, 9) is generic.rank
    assert _dispatch.implementation("rank", np, 10) is for_numpy.rank


@pytest.mark.usefixtures("from_ten_values_on")
def test_size_that_is_not_known_yet_runs_the_override() -> None:
    assert _dispatch.implementation("rank", np, None) is for_numpy.rank


@pytest.mark.usefixtures("from_ten_values_on")
@pytest.mark.parametrize("n_queries", [4, 10])
def test_both_sides_of_a_size_threshold_give_the_same(n_queries: int) -> None:
    values, queries = np.arange(8.0)[None, :], np.linspace(-1.0, 9.0, n_queries)[None, :]
    assert np.array_equal(ops.rank(values, queries, xp=np)[0], np.searchsorted(values[0], queries[0]))
