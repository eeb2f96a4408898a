"""A profile as an archive, and back: its schema and its summary, no rows (layer 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.schema import FeatureKind, Storage
from driftwatch.errors import ArchiveError, DriftwatchError
from driftwatch.kernels.noise_wasserstein import BridgeMoments
from driftwatch.profile.archive import Archive
from driftwatch.profile.cells import CellTally
from driftwatch.profile.feature import ReferenceFeature
from driftwatch.profile.frozen import FrozenBlock
from driftwatch.profile.labels import Codebook, LevelTally
from driftwatch.profile.lineage import Accepted
from driftwatch.profile.moments import RowMoments, no_moments
from driftwatch.profile.points import Points
from driftwatch.profile.projections import Projections, n_lines
from driftwatch.profile.summary import Summary, SummarySettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.profile.profile import Profile

__all__ = ["PROFILE_FORMATS", "profile_archive", "profile_of"]

PROFILE_FORMATS = (1, 2)  # 1 has no sums over the rows of embeddings

HostArray = np.ndarray[Any, Any]
MOMENTS = ("mean", "std", "median")


def profile_archive(profile: Profile) -> Archive:
    """Return a profile as an archive."""
    summary, settings = profile.summary, profile.settings
    header = {
        "n_rows": profile.n_rows,
        "hash": profile.hash,
        "features": [_feature(feature) for feature in profile.features.values()],
        "missing": dict(profile.missing),
        "known": sorted(profile.known),
        "blocks": [list(block.names) for block in summary.blocks],
        "levels": {name: tally.to_dict() for name, tally in summary.levels.items()},
        "printed": {name: sorted(book.printed) for name, book in summary.codebooks.items()},
        "projections": [
            {"name": name, "columns": list(lines.columns), "n_missing": lines.n_missing}
            for name, lines in summary.projections.items()
        ],
        "settings": {
            "n_points": settings.n_points,
            "min_count": settings.min_count,
            "redacted": sorted(settings.redacted),
            "salt": settings.salt.hex(),
        },
    }
    if profile.calibration is not None:
        header["calibration"] = dict(profile.calibration)
    if profile.history:
        header["history"] = [step.to_dict() for step in profile.history]
    arrays: dict[str, HostArray] = {}
    for i, block in enumerate((*summary.blocks, *(lines.block for lines in summary.projections.values()))):
        for group, values in _groups(block).items():
            arrays |= {f"{group}.{name}.{i}": array for name, array in values.items()}
    for i, lines in enumerate(summary.projections.values()):
        sums = lines.moments._asdict() if lines.moments.sums.size else {}
        arrays |= {f"levels.{i}": lines.levels} | {f"rows.{name}.{i}": array for name, array in sums.items()}
    return Archive("profile", PROFILE_FORMATS[-1], header, arrays)


def profile_of(archive: Archive, cls: type[Profile]) -> Profile:
    """Return the profile of an archive.

    Raises
    ------
    ArchiveError
        If it is not in the shape of one.
    """
    header = archive.header
    try:
        stored = header["settings"]
        settings = SummarySettings(
            None if stored["n_points"] is None else int(stored["n_points"]),
            int(stored["min_count"]),
            frozenset(map(str, stored["redacted"])),
            bytes.fromhex(stored["salt"]),
        )
        features = {feature.name: feature for feature in map(_feature_of, header["features"])}
        books = {
            str(name): Codebook(str(name), frozenset(map(str, printed)), settings.salt)
            for name, printed in header["printed"].items()
        }
        levels = {str(name): LevelTally.from_dict(tally) for name, tally in header["levels"].items()}
        blocks = tuple(
            _block(archive.arrays, tuple(map(str, names)), i, counts_only=settings.n_points == 0)
            for i, names in enumerate(header["blocks"])
        )
        projections = {}
        for i, own in enumerate(header["projections"]):
            lines = _projections(archive.arrays, own, i, len(blocks) + i)
            projections[lines.name] = lines
        if not (set(levels) == set(books) <= set(features) >= set(projections)):
            raise ValueError("levels, codebooks and features do not belong together")  # noqa: TRY301 - one message for all
        loaded = cls(
            int(header["n_rows"]),
            features,
            (),
            {name: tally.levels() for name, tally in levels.items()},
            {str(name): int(n) for name, n in header["missing"].items()},
            known=frozenset(map(str, header["known"])),
            settings=settings,
            joint={name: lines.columns for name, lines in projections.items() if lines.columns},
            without_rows=Summary(blocks, books, levels, projections),
            calibration=None if header.get("calibration") is None else dict(header["calibration"]),
            history=tuple(map(Accepted.from_dict, header.get("history", ()))),
        )
        loaded.__dict__["hash"] = str(header["hash"])  # that of the rows, which are not here to compute it from
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, DriftwatchError) as error:
        raise ArchiveError(
            f"the file holds no profile that can be read: {type(error).__name__}: {error}. "
            "Write it again with `Profile.save`."
        ) from None
    return loaded


def _feature(feature: ReferenceFeature) -> dict[str, Any]:
    return {
        "name": feature.name,
        "kind": str(feature.kind),
        "storage": str(feature.storage),
        "dtype": feature.dtype,
        "given": feature.given,
        "problem": feature.problem,
        "flags": list(feature.flags),
    }


def _feature_of(data: Mapping[str, Any]) -> ReferenceFeature:
    problem = data["problem"]
    return ReferenceFeature(
        str(data["name"]),
        FeatureKind(data["kind"]),
        Storage(data["storage"]),
        str(data["dtype"]),
        bool(data["given"]),
        None if problem is None else str(problem),
        tuple(map(str, data["flags"])),
    )


def _groups(block: FrozenBlock) -> dict[str, dict[str, HostArray]]:
    return {
        "points": block.points._asdict(),
        "tally": block.tally._asdict(),
        "moments": {name: getattr(block, name) for name in MOMENTS},
        "bridge": block.bridge._asdict(),
    }


def _projections(arrays: Mapping[str, HostArray], own: Mapping[str, Any], i: int, place: int) -> Projections:
    """Return the lines of one embedding or joint feature."""
    levels = arrays[f"levels.{i}"]
    names = tuple(str(line) for line in range(n_lines(levels.shape[0])))
    if levels.ndim != 2 or levels.dtype != np.float64 or not (levels[:, 1:] >= levels[:, :-1]).all():
        raise ValueError(f"`levels.{i}` must be ascending rows of 64-bit floats")
    block = _block(arrays, names, place)
    moments = no_moments(levels.shape[0] if f"rows.sums.{i}" in arrays else None)
    if moments.sums.size:
        found = RowMoments(*(arrays[f"rows.{name}.{i}"] for name in RowMoments._fields))
        if any(a.shape != b.shape or a.dtype != b.dtype for a, b in zip(found, moments, strict=True)):
            raise ValueError(f"sums of `{own['name']}` must be 64-bit integers, as many as its dimensions ask for")
        moments = found
    columns = tuple(map(str, own["columns"]))
    return Projections(str(own["name"]), columns, levels, block, moments, int(own["n_missing"]))


def _block(
    arrays: Mapping[str, HostArray], names: tuple[str, ...], i: int, *, counts_only: bool = False
) -> FrozenBlock:
    """Return one block, each array in the shape that the others ask for."""

    def read(group: str, fields: tuple[str, ...]) -> list[HostArray]:
        return [arrays[f"{group}.{name}.{i}"] for name in fields]

    points, tally = Points(*read("points", Points._fields)), CellTally(*read("tally", CellTally._fields))
    mean, std, median = moments = read("moments", MOMENTS)
    bridge = BridgeMoments(*read("bridge", BridgeMoments._fields))
    d, k = len(names), points.values.shape[-1]
    shapes = {
        "points": ((d, k), (d, 9), (d,), (d,)),
        "tally": ((d, 2 * k + 1), (d,), (d, k + 1), (d, k + 1), (d,), (d,), (d,), (d,)),
        "moments": ((d,),) * 3,
        "bridge": ((d,),) * 2,
    }
    for group, found in (("points", points), ("tally", tally), ("moments", moments), ("bridge", bridge)):
        if tuple(array.shape for array in found) != shapes[group]:
            raise ValueError(f"the arrays of `{group}` of block {i} do not have the shapes of {d} features")
    integers = (points.center, *tally[:6])
    if any(array.dtype != np.int64 for array in integers):
        raise ValueError(f"counts of block {i} must be 64-bit integers")
    floats = (points.values, points.deciles, points.unit, *tally[6:], *moments, *bridge)
    if any(array.dtype != np.float64 for array in floats):
        raise ValueError(f"values of block {i} must be 64-bit floats")
    if tally.cells.min(initial=0) < 0:
        raise ValueError(f"counts of block {i} must not be negative")
    if not (points.values[:, 1:] >= points.values[:, :-1]).all() or not (points.unit > 0.0).all():
        raise ValueError(f"points of block {i} must ascend, and their units be positive")
    return FrozenBlock(names, points, tally, mean, std, median, bridge, counts_only)
