"""Example data that ships with the package (layer 4): real tables, before and after a known drift."""

from __future__ import annotations

from driftwatch.datasets.examples import ExampleData, load, names

__all__ = ["ExampleData", "load", "names"]
