"""What can be known of CuPy without a GPU: which implementation runs, and that the CUDA text compiles."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import array_api_compat
import cupy
import pytest

from driftwatch.arrays.namespace import backend_name, namespace_of
from driftwatch.ops import _dispatch, generic
from driftwatch.ops import cupy as for_cupy
from driftwatch.ops._catalog import CATALOG

if TYPE_CHECKING:
    from pathlib import Path

TOOLKIT = shutil.which("nvcc")
ARCHITECTURES = ("sm_80", "sm_90")


def fake(shape: tuple[int, ...], dtype: str = "float32") -> Any:
    """Return an array of no memory: it has a shape and a dtype, and nothing may be computed with it."""
    memory = cupy.cuda.UnownedMemory(1 << 20, 1 << 30, None, 0)
    return cupy.ndarray(shape, dtype, memptr=cupy.cuda.MemoryPointer(memory, 0))


def test_an_array_is_known_as_one_of_cupy() -> None:
    xp = namespace_of(fake((3, 4)))
    assert array_api_compat.is_cupy_namespace(xp)
    assert backend_name(xp) == "cupy"


@pytest.mark.parametrize("name", CATALOG)
def test_primitive_runs_as_the_catalog_says(name: str) -> None:
    x = fake((3, 4))
    wanted = for_cupy if "cupy" in CATALOG[name].overrides else generic
    assert _dispatch.implementation(name, namespace_of(x), x) is getattr(wanted, name)


def test_short_rows_are_sorted_together_and_long_ones_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sorted_rows: list[tuple[int, ...]] = []

    class Row:
        def sort(self) -> None:
            sorted_rows.append((1,))

    monkeypatch.setattr(generic, "without_missing", lambda x, **_: (x, None))
    monkeypatch.setattr(generic, "sort_last", lambda x, **_: ("together", x.shape))
    monkeypatch.setattr(cupy, "array", lambda x, **_: [Row()] * x.shape[0])
    short, long = fake((3, for_cupy.LONG_ROW - 1)), fake((3, for_cupy.LONG_ROW))
    assert for_cupy.sort_last(short, xp=namespace_of(short))[0] == "together"
    for_cupy.sort_last(long, xp=namespace_of(long))
    assert len(sorted_rows) == 3


@pytest.mark.parametrize(
    ("values", "queries"),
    [("float32", "float64"), ("int32", "int32"), ("float16", "float16")],
)
def test_dtypes_without_a_kernel_fall_back(values: str, queries: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generic, "rank", lambda *_, **__: "definition")
    x, q = fake((3, 4), values), fake((3, 5), queries)
    assert for_cupy.rank(x, q, xp=namespace_of(x)) == "definition"


@pytest.mark.skipif(TOOLKIT is None, reason="the CUDA toolkit is not installed: nothing compiles CUDA text")
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_rank_kernel_compiles_for_every_dtype_and_side(tmp_path: Path, architecture: str) -> None:
    names = [for_cupy.rank_name(dtype, side) for dtype in for_cupy.TYPES for side in ("left", "right")]
    asked = "\n".join(
        f"template __global__ void {name}(const {t}*, const {t}*, long long, long long, long long, long long*);"
        for name, t in ((name, name.partition("<")[2].partition(",")[0]) for name in names)
    )
    source, output = tmp_path / "rank.cu", tmp_path / "rank.ptx"
    source.write_text(for_cupy.RANK_SOURCE + asked)
    command = [str(TOOLKIT), "-ptx", "-std=c++17", f"-arch={architecture}", "-Werror", "all-warnings"]
    done = subprocess.run([*command, str(source), "-o", str(output)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert output.read_text().count(".entry") == len(names)
