"""The monitor that a file and the settings in force make (layer 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from driftwatch.config import Settings
    from driftwatch.monitor.monitor import Monitor
    from driftwatch.profile.profile import Profile

__all__ = ["build_monitor", "monitor_of_profile"]


NEED_ROWS = ("pvalues", "groups", "block_length", "n_permutations", "confidence", "joint", "performance")


def build_monitor(reference: str, settings: Settings, *, keep_rows: bool = True) -> Monitor:
    """Read a file, or standard input for `-`, and return a monitor with the settings; permutations keep the rows anyway."""
    from driftwatch import io
    from driftwatch.monitor.monitor import Monitor

    # no name is bound to the table: where the rows are not kept, its memory is free before another one is read
    return Monitor(
        io.read(reference),
        features=settings.include,
        detectors=settings.detectors,
        thresholds=settings.thresholds,
        excess=settings.excess,
        alpha=settings.alpha,
        correction=settings.correction,
        global_method=settings.global_method,
        pvalues=settings.pvalues,
        n_permutations=settings.n_permutations,
        block_length=settings.block_length,  # type: ignore[arg-type]  # text is "auto", by its key
        groups=settings.groups,
        seed=settings.seed,
        confidence=settings.confidence,
        min_effect=settings.min_effect,
        min_samples=settings.min_samples,
        joint=settings.joint,
        max_embedding_rows=settings.max_embedding_rows,
        block_size=settings.block_size,
        per_feature=settings.per_feature(),
        roles=settings.roles,
        performance=settings.performance or None,
        keep_rows=keep_rows or settings.pvalues == "permutation",
    )


def monitor_of_profile(profile: Profile, settings: Settings) -> Monitor:
    """Return a monitor of a profile with the settings.

    Raises
    ------
    ConfigError
        If a setting needs the rows of the reference, or gives a kind other than the profile's.
    """
    from driftwatch.config import Settings
    from driftwatch.monitor.monitor import Monitor

    usual = Settings()
    for name in NEED_ROWS:
        if getattr(settings, name) != getattr(usual, name):
            raise ConfigError(
                f"`{name}` needs the rows of the reference, and a profile has none. Leave it out, or check the files."
            )
    per_feature = {name: dict(options) for name, options in settings.per_feature().items()}
    for name, options in per_feature.items():
        kind = options.pop("kind", None)
        if kind is not None and name in profile.features and profile.features[name].kind != kind:
            raise ConfigError(
                f"{name!r} was profiled as {profile.features[name].kind}, got the kind {kind!r}. "
                "Give it to `driftwatch profile build`."
            )
    if settings.include is not None:
        unknown = [name for name in settings.include if name not in profile.features]
        if unknown:
            raise UnknownNameError.from_names("feature", unknown, profile.features)
        for name in profile.features.keys() - set(settings.include):
            per_feature.setdefault(name, {})["ignore"] = True
    return Monitor.from_profile(
        profile,
        detectors=settings.detectors,
        thresholds=settings.thresholds,
        excess=settings.excess,
        alpha=settings.alpha,
        correction=settings.correction,
        global_method=settings.global_method,
        min_effect=settings.min_effect,
        min_samples=settings.min_samples,
        per_feature=per_feature,
        roles=settings.roles,
    )
