"""Which implementation runs where is what the catalog says."""

from __future__ import annotations

import ast
import inspect
from collections import Counter
from pathlib import Path
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

    from numpy.typing import NDArray

NUMPY = "driftwatch.ops.numpy"


def _signature_in_source(module: str, function: str) -> str:
    """Return the parameters of a function as they are written, its module unimported: the library may be missing."""
    tree = ast.parse((Path(generic.__file__).parent / f"{module.rpartition('.')[2]}.py").read_text("utf-8"))
    (found,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    for argument in (*found.args.posonlyargs, *found.args.args, *found.args.kwonlyargs):
        argument.annotation = None  # each file has types of its own
    return ast.unparse(found.args)


def _parameters(function: Callable[..., Any]) -> list[tuple[str, Any, Any]]:
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.fixture
def catalog_of_rank(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Replace the overrides of `rank` for NumPy arrays, and forget what was loaded and worked through."""

    def forget() -> None:
        _dispatch._overrides.cache_clear()
        _dispatch._load.cache_clear()

    def replace(*overrides: Override) -> None:
        spec = OpSpec("rank", "", overrides={"numpy": overrides})
        monkeypatch.setattr(_dispatch, "CATALOG", {**CATALOG, "rank": spec})
        monkeypatch.setattr(_dispatch, "_worked_through", Counter())
        forget()

    yield replace
    forget()


def row(n: int, dtype: str = "float64") -> NDArray[Any]:
    return np.zeros((1, n), dtype=dtype)


def test_catalog_has_a_row_for_every_primitive() -> None:
    assert sorted(CATALOG) == ops.__all__
    assert sorted(CATALOG) == sorted(name for name in generic.__all__ if name != "Side")


OVERRIDES = [
    pytest.param(spec, override, id=f"{spec.name}-{override.module.rpartition('.')[2]}")
    for spec in CATALOG.values()
    for of_backend in spec.overrides.values()
    for override in of_backend
]


@pytest.mark.parametrize(("spec", "override"), OVERRIDES)
def test_every_override_has_the_signature_of_the_definition(spec: OpSpec, override: Override) -> None:
    assert _signature_in_source(override.module, spec.name) == _signature_in_source(
        getattr(generic, spec.name).__module__, spec.name
    )


@pytest.mark.parametrize("name", CATALOG)
def test_every_dispatcher_has_the_signature_of_the_definition(name: str) -> None:
    assert _parameters(getattr(ops, name)) == _parameters(getattr(generic, name))


@pytest.mark.parametrize(("spec", "override"), OVERRIDES)
def test_every_override_says_why_it_pays(spec: OpSpec, override: Override) -> None:
    assert override.reason, spec.name


def test_override_runs_for_its_backend_and_the_definition_for_all_others() -> None:
    assert _dispatch.implementation("rank", np, row(5)) is for_numpy.rank
    assert _dispatch.implementation("rank", array_api_strict, array_api_strict.zeros((1, 5))) is generic.rank
    assert _dispatch.implementation("mean_std", np, row(5)) is generic.mean_std


def test_primitives_that_build_on_others_run_their_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    """The definition of `merge_ks_w1` needs ranks, and takes them from wherever the catalog says for its arrays."""
    x = np.arange(4.0)[None, :]
    expected = generic.merge_ks_w1(x, x + 1.0, 4, 4, xp=np)
    monkeypatch.delattr(generic, "rank")
    assert generic.merge_ks_w1(x, x + 1.0, 4, 4, xp=np) == expected


def test_small_inputs_run_the_definition(catalog_of_rank: Callable[..., None]) -> None:
    catalog_of_rank(Override(NUMPY, min_size=10))
    assert _dispatch.implementation("rank", np, row(9)) is generic.rank
    assert _dispatch.implementation("rank", np, row(10)) is for_numpy.rank


def test_sizes_of_all_arrays_count_together(catalog_of_rank: Callable[..., None]) -> None:
    catalog_of_rank(Override(NUMPY, min_size=10))
    assert _dispatch.implementation("rank", np, row(4), row(6)) is for_numpy.rank


def test_last_override_that_applies_is_chosen(catalog_of_rank: Callable[..., None]) -> None:
    catalog_of_rank(Override(NUMPY), Override("driftwatch.ops.generic", min_size=10))
    assert _dispatch.implementation("rank", np, row(9)) is for_numpy.rank
    assert _dispatch.implementation("rank", np, row(10)) is generic.rank


@pytest.mark.parametrize("dtype", ["float16", ">f8", "longdouble", "int64"])
def test_override_for_some_dtypes_leaves_the_others_alone(catalog_of_rank: Callable[..., None], dtype: str) -> None:
    catalog_of_rank(Override(NUMPY, dtypes=frozenset({np.dtype(np.float64)})))
    assert _dispatch.implementation("rank", np, row(5)) is for_numpy.rank
    assert _dispatch.implementation("rank", np, row(5), row(5, dtype)) is generic.rank


def test_what_takes_long_to_load_is_loaded_after_enough_work(catalog_of_rank: Callable[..., None]) -> None:
    catalog_of_rank(Override(NUMPY, load_after=25))
    chosen = [_dispatch.implementation("rank", np, row(10)) for _ in range(3)]
    assert chosen == [generic.rank, generic.rank, for_numpy.rank]


def test_work_on_one_dtype_does_not_load_what_another_needs(catalog_of_rank: Callable[..., None]) -> None:
    catalog_of_rank(Override(NUMPY, load_after=10))
    assert _dispatch.implementation("rank", np, row(10)) is for_numpy.rank
    assert _dispatch.implementation("rank", np, row(5, "float32")) is generic.rank


def test_loading_from_now_on_does_not_wait_for_work(catalog_of_rank: Callable[..., None]) -> None:
    catalog_of_rank(Override(NUMPY, load_after=10**9))
    _dispatch.load_from_now_on(np.dtype(np.float64))
    assert _dispatch.implementation("rank", np, row(5)) is for_numpy.rank


def test_override_that_needs_a_missing_package_is_passed_over(catalog_of_rank: Callable[..., None]) -> None:
    catalog_of_rank(Override(NUMPY), Override("driftwatch.ops.generic", needs="no_such_package"))
    assert _dispatch.implementation("rank", np, row(5)) is for_numpy.rank


@pytest.mark.parametrize("n_queries", [4, 10])
def test_both_sides_of_a_size_threshold_give_the_same(catalog_of_rank: Callable[..., None], n_queries: int) -> None:
    catalog_of_rank(Override(NUMPY, min_size=10))
    values, queries = np.arange(8.0)[None, :], np.linspace(-1.0, 9.0, n_queries)[None, :]
    assert np.array_equal(ops.rank(values, queries, xp=np)[0], np.searchsorted(values[0], queries[0]))
