"""Write docs/backends.md from the catalogs of primitives and kernels: `python docs/generate_backends.py`."""

from __future__ import annotations

from pathlib import Path

from driftwatch.kernels._catalog import CATALOG as KERNELS
from driftwatch.ops._catalog import CATALOG as PRIMITIVES
from driftwatch.ops._catalog import OpSpec, Override

PAGE = Path(__file__).parent / "backends.md"
LIBRARIES = {"numpy": "NumPy", "torch": "PyTorch", "jax": "JAX", "cupy": "CuPy"}

INTRODUCTION = """# Array libraries

<!-- written by docs/generate_backends.py from the catalogs in driftwatch.ops and driftwatch.kernels: run it again -->

Every statistic is written once, on the [array API standard](https://data-apis.org/array-api/2024.12/), and takes arrays of
NumPy, PyTorch, JAX, CuPy, and of any other library that follows the standard. driftwatch imports none of them but NumPy:
bring the one that your data are in.

```py title="needs PyTorch"
import torch
from driftwatch import Monitor
from driftwatch.kernels import ks_2samp

reference, current = torch.randn(10_000, 64), torch.randn(5_000, 64)
ks_2samp(reference, current).statistic  # a tensor, on the device of `current`
Monitor(reference).check(current).verdict  # from a report, on the host
```

## Where the work is done

- Results follow `current`: its library and its device. A reference from elsewhere is moved there, by DLPack without a copy where
  that is safe; a `Monitor` keeps it there, so that it crosses once for each device.
- Samples never come to the host. Answers of the size of the number of features do, for the report and for p-values that are
  computed in float64. The exception is a feature that you declare categorical in an array: its values are counted on the host.
- Features are worked through in blocks of 4 million values, so that the extra memory does not grow with their number.
- float16, bfloat16 and integers of 8 and 16 bits are sorted as they are, and kept so in a reference; only the block at hand
  is widened. Wasserstein distances and moments are summed in float64, or in float32 where the device has nothing wider.
- Tensors of PyTorch in host memory are read as NumPy arrays of the same bytes, which is several times as fast as PyTorch's own
  sort. With a gradient, on another device or under a transform PyTorch's own operations run.

## Under `jax.jit`

All kernels but `fisher_exact` can be compiled, differentiated where a derivative exists (Wasserstein) and mapped. Three
things differ:

- The p-value of `ks_2samp` is that of the Kolmogorov limit, and those of `cramervonmises_2samp` and `mannwhitneyu` are
  asymptotic, whatever the `method`; the exact distributions need the host.
- The p-values of `chi2_2samp` and `g_test` are of JAX's own incomplete gamma function: without x64 its relative error grows
  with the degrees of freedom, to 0.4 % at some thousands.
- `nan_policy="raise"` is refused, because values are not known.

Without x64 everything is computed in float32 and int32. Sample sizes may be as large as memory allows: no product of
two sizes is formed in integers (n times m below 2^52).

"""


def override(spec: OpSpec, library: str) -> str:
    """Return a cell of the table of primitives."""
    found = spec.overrides.get(library, ())
    return "<br>".join(cell(choice) for choice in found) or "the definition"


def cell(choice: Override) -> str:
    """Return what an override is and when it runs."""
    conditions = []
    if choice.needs:
        conditions.append(f"with {choice.needs.capitalize()}")
    if choice.dtypes:
        conditions.append(" or ".join(sorted(dtype.name for dtype in choice.dtypes)))
    if choice.min_size:
        conditions.append(f"from {choice.min_size:,} values")
    when = f" ({', '.join(conditions)})" if conditions else ""
    return f"`{choice.module.removeprefix('driftwatch.')}`{when}: {choice.reason}"


def page() -> str:
    """Return the text of the page."""
    lines = [
        "## Statistics",
        "",
        "| kernel | what | options tested | " + " | ".join(LIBRARIES.values()) + " | tolerance float64 / float32 |",
        "|---|---|---|" + "---|" * len(LIBRARIES) + "---|",
    ]
    for kernel in KERNELS.values():
        options = sorted({name for options in kernel.options for name in options})
        support = [kernel.unsupported.get(library, "yes") for library in LIBRARIES]
        tolerance = f"{kernel.rtol['float64']:g} / {kernel.rtol['float32']:g}"
        named = ", ".join(f"`{name}`" for name in options)
        lines.append(f"| `{kernel.name}` | {kernel.summary} | {named} | {' | '.join(support)} | {tolerance} |")
    lines += [
        "",
        "Tolerances are relative, against a slow loop over scipy. CuPy's column is what the code provides for: see",
        "[On a GPU](gpu.md) for whether it has run.",
        "",
        "## Primitives",
        "",
        "The few operations that cost time. Each has one definition on the standard; another implementation stands beside it",
        "where it pays.",
    ]
    for spec in PRIMITIVES.values():
        lines += ["", f"### {spec.name}", "", f"{spec.summary[0].upper()}{spec.summary[1:]}.", ""]
        lines += ["| library | what runs |", "|---|---|"]
        lines += [f"| {title} | {override(spec, library)} |" for library, title in LIBRARIES.items()]
    return INTRODUCTION + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
