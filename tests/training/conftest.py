"""Tests of PyTorch and JAX loops are collected where those libraries are installed: `nox -s backends` has both."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [f"test_{library}.py" for library in ("torch", "jax") if find_spec(library) is None]
