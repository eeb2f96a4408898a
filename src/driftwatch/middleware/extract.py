"""Where in a body features and predictions stand (layer 5): a path, a callable or a model says it; nothing is guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch.errors import ConfigError
from driftwatch.middleware.bodies import json_decoder
from driftwatch.middleware.paths import JSONPath
from driftwatch.middleware.rows import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Where", "extractor"]

Where = Any  # a path, a callable, or a class with `model_validate_json`


def extractor(argument: str, where: Where) -> Callable[[bytes], Any]:
    """Return what finds something in the bytes of a body, and raises `UnreadableError` where it does not.

    Parameters
    ----------
    argument : str
        Name for messages.
    where : str, callable or pydantic model

    Raises
    ------
    ConfigError
        If it is nothing of these.
    """
    if isinstance(where, str):
        return _by_path(JSONPath.parse(where))
    if hasattr(where, "model_validate_json"):
        return _by_model(where)
    if callable(where):
        return _by_call(where)
    raise ConfigError(
        f"`{argument}` must be a path such as '$.features', a callable that takes the JSON document, or a pydantic model, "
        f"got {where!r:.80}."
    )


def _by_path(path: JSONPath) -> Callable[[bytes], Any]:
    decode = json_decoder()
    step = path.steps[0] if len(path.steps) == 1 else None

    def find(body: bytes) -> Any:
        document = decode(body)
        if type(document) is dict and step in document:  # most paths are one key
            return document[step]
        try:
            return path.find(document)
        except LookupError:
            raise UnreadableError("not_found") from None

    return find


def _by_model(model: Any) -> Callable[[bytes], Any]:
    def find(body: bytes) -> Any:
        try:
            return model.model_validate_json(body).model_dump()
        except ValueError:  # pydantic's own error is one
            raise UnreadableError("malformed") from None

    return find


def _by_call(call: Callable[[Any], Any]) -> Callable[[bytes], Any]:
    decode = json_decoder()

    def find(body: bytes) -> Any:
        document = decode(body)
        try:
            return call(document)
        except LookupError:
            raise UnreadableError("not_found") from None

    return find
