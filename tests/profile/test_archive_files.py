"""Files on a disk: whole or not at all, and errors that name them."""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from archive_samples import (
    KIND,
    assert_equal,
    made,
)
from driftwatch.errors import ArchiveError, InputTypeError
from driftwatch.profile.archive import load, save


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "x.npz"
    save(path, made())
    return path


@pytest.mark.parametrize("fails", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    fails: str, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    match fails:
        case "write":
            monkeypatch.setattr(Path, "open", lambda path, mode: _FullFile(io.FileIO(path, mode)))
        case "fsync":
            monkeypatch.setattr(os, "fsync", full)
        case "replace":
            monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ArchiveError, match=r"cannot write '.*x.npz': No space left on device\. Make room there"):
        save(saved, made()._replace(header={"new": 1}))
    monkeypatch.undo()
    assert_equal(load(saved, kind=KIND, formats=[1]), made())
    assert list(saved.parent.iterdir()) == [saved]


class _FullFile(io.BufferedWriter):
    def write(self, data: Any) -> int:
        super().write(bytes(data)[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_is_saved_replaces_the_old_file_and_keeps_its_mode(saved: Path) -> None:
    saved.chmod(0o600)
    save(saved, made()._replace(header={"new": 1}))
    assert load(saved, kind=KIND, formats=[1]).header == {"new": 1}
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert list(saved.parent.iterdir()) == [saved]


def test_a_link_stays_a_link(saved: Path) -> None:
    link = saved.with_name("link.npz")
    link.symlink_to(saved)
    save(link, made()._replace(header={"new": 1}))
    assert link.is_symlink()
    assert load(saved, kind=KIND, formats=[1]).header == {"new": 1}


def test_folders_that_cannot_be_written_to_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArchiveError, match=r"cannot write '.*nowhere/x.npz': its folder does not exist\. Create it"):
        save(tmp_path / "nowhere" / "x.npz", made())
    with pytest.raises(ArchiveError, match=r"cannot write '.*': Is a directory"):
        save(tmp_path, made())
    with pytest.raises(ArchiveError, match=r"cannot write 'a.*b': .*embedded null"):
        save("a\0b", made())
    with pytest.raises(InputTypeError, match="`path` must be a path, got int"):
        save(5, made())  # type: ignore[arg-type]

    def denied(*_: object) -> None:  # root may write to a folder of any mode
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(ArchiveError, match=r"cannot write '.*x.npz': permission denied\. Save it where"):
        save(tmp_path / "x.npz", made())


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write to any folder")
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ArchiveError, match="permission denied"):
        save(tmp_path / "x.npz", made())
    tmp_path.chmod(0o700)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    cases: list[tuple[str | Path, str]] = [
        (tmp_path / "x.npz", r"cannot read '.*x.npz': no such file\. Check the path; it was looked up from"),
        (tmp_path, "cannot read '.*': Is a directory"),
        (Path("/dev/zero"), "kind 'profile' is wanted, and '/dev/zero' is no .npz file"),
        ("a\0b", "embedded null byte"),
    ]
    for path, message in cases:
        with pytest.raises(ArchiveError, match=message):
            load(path, kind=KIND, formats=[1])


def test_a_damaged_file_is_named(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-5])
    with pytest.raises(ArchiveError, match=r"and '.*x.npz' was cut short, .*\. Get an intact copy, or save it again\."):
        load(saved, kind=KIND, formats=[1])


def test_a_file_beyond_the_limit_is_not_read(saved: Path) -> None:
    with pytest.raises(ArchiveError, match=r"holds more, which is more than 50 bytes\. Raise `max_bytes`"):
        load(saved, kind=KIND, formats=[1], max_bytes=50)
