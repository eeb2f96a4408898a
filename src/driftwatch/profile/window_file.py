"""A window as an archive, and back (layer 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from driftwatch.errors import ArchiveError
from driftwatch.profile.archive import Archive
from driftwatch.profile.cells import CellTally
from driftwatch.profile.labels import LevelTally
from driftwatch.profile.moments import RowMoments
from driftwatch.profile.projections import ProjectedTally

if TYPE_CHECKING:
    import numpy as np

    from driftwatch.profile.counted import WindowCounts

__all__ = ["FORMATS", "counts_of", "window_archive"]

FORMATS = (1, 2)  # 1 has no sums over the rows of embeddings


def window_archive(counts: WindowCounts, frame: str) -> Archive:
    """Return the counts of a window on the summary with this fingerprint as an archive."""
    header = {
        "frame": frame,
        "n_rows": counts.n_rows,
        "rows": dict(sorted(counts.rows.items())),
        "missing": dict(sorted(counts.missing.items())),
        "levels": {name: tally.to_dict() for name, tally in sorted(counts.levels.items())},
        "projected": {name: tally.n_missing for name, tally in sorted(counts.projected.items())},
        "problems": dict(sorted(counts.problems.items())),
        "unknown": sorted(counts.unknown),
    }
    arrays = {f"{name}.{i}": array for i, block in enumerate(counts.blocks) for name, array in block._asdict().items()}
    for name, tally in counts.projected.items():
        arrays |= {_key(part, name, counts): array for part, array in _parts(tally).items()}
    return Archive("window", FORMATS[-1], header, arrays)


def counts_of(archive: Archive, empty: WindowCounts) -> WindowCounts:
    """Return the counts of an archive, in the shapes of a window of nothing.

    Raises
    ------
    ArchiveError
        If they are not in these shapes.
    """
    header = archive.header
    blocks = []
    for i, block in enumerate(empty.blocks):
        arrays = [_array(archive, f"{name}.{i}", like) for name, like in block._asdict().items()]
        blocks.append(CellTally(*arrays))
    try:
        projected = {name: _projected(archive, name, empty) for name in empty.projected}
        levels = {str(name): LevelTally.from_dict(tally) for name, tally in header["levels"].items()}
        return replace(
            empty,
            n_rows=int(header["n_rows"]),
            rows={str(name): int(n) for name, n in header["rows"].items()},
            missing={str(name): int(n) for name, n in header["missing"].items()},
            blocks=tuple(blocks),
            levels={name: levels.get(name, tally) for name, tally in empty.levels.items()},
            projected=projected,
            problems={str(name): str(reason) for name, reason in header["problems"].items()},
            unknown=frozenset(map(str, header["unknown"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _not_a_window(f"its header is not that of a window ({type(error).__name__}: {error})") from None


def _projected(archive: Archive, name: str, empty: WindowCounts) -> ProjectedTally:
    found = [_array(archive, _key(part, name, empty), like) for part, like in _parts(empty.projected[name]).items()]
    n_cells = len(CellTally._fields)
    moments = RowMoments(*found[n_cells:]) if found[n_cells:] else empty.projected[name].moments
    return ProjectedTally(CellTally(*found[:n_cells]), moments, int(archive.header["projected"][name]))


def _parts(tally: ProjectedTally) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays of an embedding by name, without the sums where there are none."""
    return {**tally.cells._asdict(), **(tally.moments._asdict() if tally.moments.sums.size else {})}


def _key(part: str, name: str, counts: WindowCounts) -> str:
    """Return the entry of an embedding, by its position: names of features may hold anything."""
    return f"projected.{part}.{list(counts.projected).index(name)}"


def _array(archive: Archive, name: str, like: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array = archive.arrays.get(name)
    if array is None or array.shape != like.shape or array.dtype != like.dtype:
        found = "nothing" if array is None else f"{array.dtype} of shape {array.shape}"
        raise _not_a_window(f"`{name}` must be {like.dtype} of shape {like.shape}, got {found}")
    return array


def _not_a_window(what: str) -> ArchiveError:
    return ArchiveError(f"the bytes hold no window of this profile: {what}. Write it again with `Window.to_bytes`.")
