"""The life of a reference: windows that take its place, with who, when and why, and the way back."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pytest

from driftwatch import Monitor, Profile, Window
from driftwatch.errors import ArchiveError, ConfigError, InputError
from driftwatch.profile import archive
from driftwatch.profile.profile_file import profile_archive

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(5)
BEFORE = {"x": RNG.normal(size=500), "city": RNG.choice(["Rome", "Oslo"], 500)}
AFTER = {"x": RNG.normal(2.0, 1.0, 400), "city": RNG.choice(["Rome", "Oslo"], 400, p=[0.9, 0.1])}
PROFILE = Profile.fit(BEFORE)
WINDOW = Window(PROFILE).update(AFTER)


def test_accepted_window_is_the_reference_and_the_history_says_so() -> None:
    start = dt.datetime.now(dt.UTC).replace(microsecond=0)
    after = PROFILE.accept(WINDOW, reason=" a new sensor ", who="Ada")
    (step,) = after.history
    assert (step.version, step.who, step.reason, step.n_rows) == (2, "Ada", "a new sensor", 400)
    assert start <= dt.datetime.fromisoformat(step.when) <= dt.datetime.now(dt.UTC)
    assert (after.version, after.n_rows, PROFILE.version, PROFILE.history) == (2, 400, 1, ())
    report = Monitor.from_profile(after).check(WINDOW)
    assert (report.n_reference, report.drifted_features) == (400, [])
    assert after.describe()["x"]["mean"] == pytest.approx(AFTER["x"].mean(), abs=1e-6)
    assert after.hash != PROFILE.hash


def test_windows_of_all_versions_add() -> None:
    after = PROFILE.accept(WINDOW, reason="new")
    assert (Window(after).update(BEFORE) + WINDOW).n_rows == 900


def test_history_is_saved(tmp_path: Path) -> None:
    after = PROFILE.accept(WINDOW, reason="new", who=None).accept(WINDOW, reason="again", who="Ada")
    after.save(tmp_path / "ref.dwp")
    loaded = Profile.load(tmp_path / "ref.dwp")
    assert loaded.history == after.history
    assert [step.version for step in loaded.history] == [2, 3]
    assert loaded.version == 3
    assert "history" not in profile_archive(PROFILE).header  # a fitted profile is written as ever


def test_damaged_history_is_one_error(tmp_path: Path) -> None:
    saved = profile_archive(PROFILE.accept(WINDOW, reason="new"))
    saved.header["history"] = [{"version": "two"}]
    archive.save(tmp_path / "bad.dwp", saved)
    with pytest.raises(ArchiveError, match="no profile that can be read"):
        Profile.load(tmp_path / "bad.dwp")


def test_way_back_is_a_version_of_its_own() -> None:
    second = PROFILE.accept(WINDOW, reason="new")
    third = second.accept(Window(second).update(BEFORE).update(AFTER), reason="more")
    back = third.roll_back(PROFILE, reason="a mistake", who="Ada")
    assert (back.version, back.n_rows, back.hash) == (4, 500, PROFILE.hash)
    assert back.history[:2] == third.history
    assert (back.history[2].reason, back.history[2].who) == ("version 1 again: a mistake", "Ada")
    assert Monitor.from_profile(back).check(WINDOW).drifted_features == ["x", "city"]
    assert third.roll_back(second, reason="a mistake").n_rows == 400


def test_reference_that_is_back_has_the_hash_that_it_had(tmp_path: Path) -> None:
    PROFILE.save(tmp_path / "ref.dwp")
    first = Profile.load(tmp_path / "ref.dwp")  # its rows, which the hash is of, are not there any more
    back = first.accept(WINDOW, reason="new").roll_back(first, reason="a mistake")
    back.save(tmp_path / "ref.dwp")
    assert Profile.load(tmp_path / "ref.dwp").hash == PROFILE.hash


def test_way_back_to_what_was_never_there_is_refused() -> None:
    second = PROFILE.accept(WINDOW, reason="new")
    for other in (second, PROFILE.accept(WINDOW, reason="another")):
        with pytest.raises(InputError, match="must be an earlier version of this profile, which is version 2"):
            second.roll_back(other, reason="a mistake")


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_reason_is_asked_for(reason: str) -> None:
    with pytest.raises(ConfigError, match="must say why the reference changes"):
        PROFILE.accept(WINDOW, reason=reason)
    with pytest.raises(ConfigError, match="must say why the reference changes"):
        PROFILE.accept(WINDOW, reason="new").roll_back(PROFILE, reason=reason)


def test_windows_without_rows_or_of_another_profile_are_refused() -> None:
    with pytest.raises(InputError, match="must have rows"):
        PROFILE.accept(Window(PROFILE), reason="new")
    with pytest.raises(InputError, match="was counted on another"):
        PROFILE.accept(Window(Profile.fit({"x": [1.0, 2.0]})).update({"x": [1.0]}), reason="new")


def test_column_that_could_not_be_counted_has_no_reference() -> None:
    after = PROFILE.accept(Window(PROFILE).update(AFTER).update({"x": ["text"], "city": ["Rome"]}), reason="new")
    assert "not all batches hold the same" in str(after.features["x"].problem)
    report = Monitor.from_profile(after).check(WINDOW)
    assert (report.features["x"].status, report.features["city"].status) == ("error", "ok")


def test_monitor_goes_on_with_the_accepted_reference() -> None:
    monitor = Monitor(BEFORE, thresholds={"ks": 0.5})
    window = Window(monitor.profile).update(AFTER)
    assert monitor.check(AFTER).drifted_features == ["x", "city"]
    after = monitor.accept(window, reason="new", who="Ada")
    assert after is monitor.profile
    assert after.history[0].who == "Ada"
    assert monitor.check(AFTER).drifted_features == []
    assert monitor.check(BEFORE).drifted_features == ["x", "city"]


def test_monitor_with_permutations_needs_rows() -> None:
    monitor = Monitor(BEFORE, pvalues="permutation")
    with pytest.raises(ConfigError, match="permutations need"):
        monitor.accept(Window(monitor.profile).update(AFTER), reason="new")
