"""Generated pages are what their generators write, and say no more than was run."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from driftwatch.kernels._catalog import CATALOG as KERNELS
from driftwatch.ops._catalog import CATALOG as PRIMITIVES

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[1]


def module(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def test_backends_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "backends.md").read_text("utf-8")
    assert page == module("docs/generate_backends.py").page(), "run: python docs/generate_backends.py"


@pytest.mark.parametrize("name", [*KERNELS, *PRIMITIVES])
def test_backends_page_names_every_row_of_the_catalogs(name: str) -> None:
    assert name in (ROOT / "docs" / "backends.md").read_text("utf-8")


def test_gpu_page_has_figures_with_their_hardware_or_says_that_nothing_ran() -> None:
    gpu = module("benchmarks/gpu.py")
    page = (ROOT / "docs" / "gpu.md").read_text("utf-8")
    assert page == gpu.page([], []) or ("\n- GPU: " in page and gpu.NOT_RUN not in page)


def test_gpu_page_of_figures_names_hardware_and_both_ratios() -> None:
    gpu = module("benchmarks/gpu.py")
    row = gpu.Row("torch", "sort", (100, 1000), "float32", 0.002, 0.001, 0.0016)
    slow = row._replace(what=gpu.COUNTS, seconds=0.003)
    page = gpu.page(["GPU: one"], [row, slow])
    assert "- GPU: one" in page
    assert "| torch | sort | 100 x 1,000 | float32 | 2.00 | 2.0 | 1.25 |" in page
    assert "1 of 2 rows" in page


def test_benchmark_without_a_gpu_says_so_and_writes_nothing(tmp_path: Path) -> None:
    if any(name in sys.modules for name in ("torch", "jax", "cupy")):
        pytest.skip("a GPU library is loaded, and may have a GPU")
    target = tmp_path / "gpu.md"
    hidden = "import sys; sys.modules.update(torch=None, jax=None, cupy=None); sys.argv[1:] = ['--write', sys.argv[1]]"
    code = f"{hidden}; import runpy; runpy.run_path({str(ROOT / 'benchmarks' / 'gpu.py')!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code, str(target)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "wanted a GPU" in done.stderr
    assert not target.exists()
