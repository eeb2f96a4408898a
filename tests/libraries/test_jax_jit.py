"""What holds under `jax.jit`: nothing on the host, 32-bit integers, gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
import scipy.stats

from driftwatch.errors import ConfigError
from driftwatch.kernels import (
    anderson_darling_2samp,
    chi2_2samp,
    cramervonmises_2samp,
    energy_distance,
    ks_2samp,
    mannwhitneyu,
    psi,
    wasserstein_distance,
)
from driftwatch.kernels._catalog import CATALOG, KernelSpec
from kernel_oracles import SAMPLE_ORACLES

if TYPE_CHECKING:
    from collections.abc import Iterator

RNG = np.random.default_rng(11)
KERNELS = [spec for spec in CATALOG.values() if not spec.eager_only]


def _primitives(jaxpr: Any) -> Iterator[str]:
    for equation in jaxpr.eqns:
        yield equation.primitive.name
        for inner in jax.tree.leaves(list(equation.params.values()), is_leaf=lambda x: hasattr(x, "eqns")):
            inner_jaxpr = getattr(inner, "jaxpr", inner)
            if hasattr(inner_jaxpr, "eqns"):
                yield from _primitives(inner_jaxpr)


def _inputs(spec: KernelSpec) -> tuple[Any, Any]:
    if spec.takes == "counts":
        return jnp.asarray([[5, 3, 9]]), jnp.asarray([[4, 4, 1]])
    return tuple(jnp.asarray(RNG.normal(size=(n, 2)), dtype=jnp.float32) for n in (30, 20))


@pytest.mark.parametrize("spec", KERNELS, ids=lambda spec: spec.name)
def test_compiled_kernel_calls_nothing_on_the_host(spec: KernelSpec) -> None:
    used = set(_primitives(jax.make_jaxpr(spec.function)(*_inputs(spec)).jaxpr))
    assert "div" in used  # the walk reaches the arithmetic
    assert {name for name in used if "callback" in name or "infeed" in name or "outfeed" in name} == set()


@pytest.mark.parametrize("spec", [spec for spec in CATALOG.values() if spec.eager_only], ids=lambda spec: spec.name)
def test_kernel_that_cannot_be_compiled_says_so(spec: KernelSpec) -> None:
    with pytest.raises(ConfigError, match=r"cannot run under `jax\.jit`"):
        jax.jit(spec.function)(*_inputs(spec))


def test_p_value_of_ks_is_that_of_the_limit() -> None:
    pair = RNG.normal(size=(300, 3)), RNG.normal(0.1, size=(200, 3))
    result = jax.jit(ks_2samp)(*(jnp.asarray(x, dtype=jnp.float32) for x in pair))
    singles = [x.astype("f4").T for x in pair]
    d = [scipy.stats.ks_2samp(r, c).statistic for r, c in zip(*singles, strict=True)]
    np.testing.assert_allclose(result.statistic, d, rtol=1e-5)
    np.testing.assert_allclose(
        result.pvalue, scipy.special.kolmogorov(np.sqrt(300 * 200 / 500) * np.array(d)), rtol=1e-3
    )


def test_p_value_of_chi_squared_is_single_precision_without_x64() -> None:
    counts = RNG.integers(5, 50, (4, 30)), RNG.integers(5, 50, (4, 30))
    result = jax.jit(chi2_2samp)(*map(jnp.asarray, counts))
    answers = [
        scipy.stats.chi2_contingency(np.stack(pair), correction=False).pvalue for pair in zip(*counts, strict=True)
    ]
    np.testing.assert_allclose(result.pvalue, answers, rtol=2e-3)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
@pytest.mark.parametrize(("n", "m"), [(60_000, 60_000), (60_013, 59_999), (70_000, 3)])
def test_products_of_sample_sizes_may_pass_32_bits(n: int, m: int, *, compiled: bool) -> None:
    reference, current = RNG.normal(size=(n, 2)).astype("f4"), RNG.normal(0.1, size=(m, 2)).astype("f4")
    reference[::7, 0] = np.nan
    current[-1:, 1] = np.nan
    statistics = {}
    for kernel in (
        ks_2samp,
        wasserstein_distance,
        cramervonmises_2samp,
        anderson_darling_2samp,
        mannwhitneyu,
        energy_distance,
    ):
        run = jax.jit(kernel) if compiled else kernel
        statistics[kernel] = np.asarray(run(jnp.asarray(reference), jnp.asarray(current)).statistic)
    for j in range(2):
        pair = [x[~np.isnan(x[:, j]), j].astype(np.float64) for x in (reference, current)]
        np.testing.assert_allclose(statistics[ks_2samp][j], scipy.stats.ks_2samp(*pair).statistic, rtol=1e-5)
        np.testing.assert_allclose(
            statistics[wasserstein_distance][j], scipy.stats.wasserstein_distance(*pair), rtol=1e-5
        )
        np.testing.assert_allclose(statistics[energy_distance][j], scipy.stats.energy_distance(*pair), rtol=1e-4)
        np.testing.assert_allclose(statistics[mannwhitneyu][j], scipy.stats.mannwhitneyu(*pair).statistic, rtol=1e-5)
        wanted = scipy.stats.cramervonmises_2samp(pair[0], pair[1], method="asymptotic").statistic
        np.testing.assert_allclose(statistics[cramervonmises_2samp][j], wanted, rtol=1e-3)
        wanted = SAMPLE_ORACLES["anderson_darling_2samp"](*pair)["statistic"]
        np.testing.assert_allclose(statistics[anderson_darling_2samp][j], wanted, rtol=1e-3)


def test_missing_values_refused_by_name_need_values_that_a_trace_has_not() -> None:
    x = jnp.ones((4, 2))
    with pytest.raises(ConfigError, match=r"cannot be used under `jax\.jit`"):
        jax.jit(lambda a: psi(a, x, nan_policy="raise"))(x)


def test_reference_of_numpy_may_be_closed_over() -> None:
    reference, current = RNG.normal(size=(50, 2)), RNG.normal(size=(40, 2))
    result = jax.jit(lambda x: ks_2samp(reference, x).statistic)(jnp.asarray(current))
    np.testing.assert_allclose(result, ks_2samp(reference, current).statistic, rtol=1e-5)


def test_current_may_be_closed_over() -> None:
    reference, current = RNG.normal(size=(50, 2)), RNG.normal(size=(40, 2))
    constant = jnp.asarray(current)
    result = jax.jit(lambda x: ks_2samp(x, constant).statistic)(jnp.asarray(reference))
    np.testing.assert_allclose(result, ks_2samp(reference, current).statistic, rtol=1e-5)


def test_wasserstein_has_a_gradient() -> None:
    current = jnp.asarray(RNG.normal(size=(40, 1)), dtype=jnp.float32)
    reference = current + 3.0
    gradient = jax.grad(lambda x: wasserstein_distance(reference, x).statistic[0])(current)
    np.testing.assert_allclose(gradient, np.full((40, 1), -1 / 40), rtol=1e-5)  # each value 1/40 closer by moving right


def test_maps_over_a_batch() -> None:
    reference, batches = RNG.normal(size=(50, 2)), RNG.normal(size=(3, 40, 2))
    result = jax.vmap(lambda x: ks_2samp(jnp.asarray(reference), x).statistic)(jnp.asarray(batches))
    wanted = [ks_2samp(reference, batch).statistic for batch in batches]
    np.testing.assert_allclose(result, wanted, rtol=1e-5)
