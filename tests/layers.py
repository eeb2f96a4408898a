"""The layers of the package and the imports that each file makes, read from the source: what `test_layers.py` checks."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LAYERS", "PACKAGE", "SURFACES", "imported_modules", "unit_of"]

PACKAGE = "driftwatch"

SURFACES = frozenset({"cli", "middleware", "alerting", "streaming", "distributed", "dashboard", "integrations"})

# The map of docs/architecture.md: the first part of a module's name below the package, to its layer. Folders that do
# not exist yet stand here too, so that their first file lands in its place.
LAYERS = {
    **dict.fromkeys(("errors", "_checks", "_typing", "_lazy", "_version"), 0),
    **dict.fromkeys(("arrays",), 1),
    **dict.fromkeys(("ops", "kernels"), 2),
    **dict.fromkeys(("profile", "detectors"), 3),
    **dict.fromkeys(("report", "monitor", "sequential", "performance", "simulate", "explain", "training"), 4),
    **dict.fromkeys(("io", "config", "datasets", "store", "scoring", "metrics", "alerts"), 4),
    **dict.fromkeys(SURFACES, 5),
}


def unit_of(module: str) -> str:
    """Return the file or folder directly below the package that holds `module`; the package itself is `""`."""
    return module.removeprefix(PACKAGE).lstrip(".").partition(".")[0]


def imported_modules(source: str, module: str, *, is_package: bool = False) -> set[str]:
    """Return every module that the code imports at run time, at the top or inside a function, by absolute name.

    `from driftwatch import x` counts as an import of `driftwatch.x`, and `importlib.import_module("x")` as one of x.
    Imports under `if TYPE_CHECKING:` are left out: they never run.
    """
    found: set[str] = set()
    for node in _runtime_nodes(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module, is_package=is_package)
            found.update(f"{base}.{alias.name}" for alias in node.names) if base == PACKAGE else found.add(base)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"importlib.import_module", "import_module"}:
            found.update(a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))
    return found


def _absolute(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    base = parts[: len(parts) - node.level + is_package]
    return ".".join([*base, *([node.module] if node.module else [])])


def _runtime_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            for statement in child.orelse:
                yield statement
                yield from _runtime_nodes(statement)
        else:
            yield child
            yield from _runtime_nodes(child)
