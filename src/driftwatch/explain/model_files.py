"""Models from the files that their libraries write, none of which can hold code (layer 4)."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftwatch.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    import os

__all__ = ["read_model"]

# By the ending of the file: the library that writes it. Pickles are left out, as reading one runs what is in it.
LIBRARIES = {".txt": "lightgbm", ".json": "xgboost", ".ubj": "xgboost", ".cbm": "catboost"}


def read_model(path: str | os.PathLike[str], /) -> Any:
    """Return the model in a file of LightGBM (`.txt`), XGBoost (`.json`, `.ubj`) or CatBoost (`.cbm`).

    Raises
    ------
    InputError
        If the file is not there, ends otherwise, or is no such model.
    MissingExtraError
        If the library is not installed.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"a file with a model is wanted, got {str(file)!r}, which is not there. Check the path.")
    library = LIBRARIES.get(file.suffix.lower())
    if library is None:
        raise InputError(
            f"a model is read from a file that ends in {', '.join(LIBRARIES)}, got {file.name!r}. Save it by the method "
            "of its library; pickles are not read, as they may hold code."
        )
    try:
        module = import_module(library)
    except ImportError as error:
        raise MissingExtraError(f"{file.name!r} needs {library}. Install it with: pip install {library}") from error
    try:
        return _read(module, library, str(file))
    except Exception as error:  # each library raises an error of its own
        raise InputError(f"{str(file)!r} is no model of {library}: {error}. Save it again.") from error


def _read(module: Any, library: str, file: str) -> Any:
    if library in {"lightgbm", "xgboost"}:
        return module.Booster(model_file=file)
    model = module.CatBoost()
    model.load_model(file)
    return model
