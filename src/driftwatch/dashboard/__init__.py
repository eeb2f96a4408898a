"""A dashboard over a store (layer 5): pages, a JSON API and events that only read. Starlette is needed when it is built."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.dashboard.building import dashboard
    from driftwatch.dashboard.views import Views

__all__ = ["Views", "dashboard"]

__getattr__, __dir__ = attach(
    __name__, {"Views": "driftwatch.dashboard.views", "dashboard": "driftwatch.dashboard.building"}
)
