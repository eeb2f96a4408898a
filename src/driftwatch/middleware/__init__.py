"""ASGI middleware (layer 5): watches what a model is asked and answers, and changes nothing that passes."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.middleware.status import status_app
    from driftwatch.middleware.tap import DriftMiddleware

__all__ = ["DriftMiddleware", "status_app"]

__getattr__, __dir__ = attach(
    __name__,
    {"DriftMiddleware": "driftwatch.middleware.tap", "status_app": "driftwatch.middleware.status"},
)
