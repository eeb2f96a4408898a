"""Which file system a path is on (layer 4): write-ahead logs need memory that processes of one machine share."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["NETWORK_FILESYSTEMS", "filesystem_of", "is_network"]

# Names in the third column of /proc/mounts. sqlite.org/wal.html, "all processes must be on the same host computer".
NETWORK_FILESYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "ncpfs"}
    | {"ocfs2", "gfs2", "davfs", "fuse.sshfs", "fuse.s3fs", "fuse.gcsfuse", "fuse.rclone", "fuse.glusterfs"}
    | {"fuse.ceph", "fuse.davfs2", "fuse.blobfuse2", "fuse.juicefs", "prl_fs", "vboxsf"}
)
_OCTAL = re.compile(r"\\([0-7]{3})")


def filesystem_of(folder: Path, *, mounts: Path = Path("/proc/mounts")) -> str | None:
    """Return the type of the file system that holds `folder`; None where the system does not say.

    Parameters
    ----------
    folder : Path
    mounts : Path
        The table of mounts, one a line: device, folder, type, ...
    """
    try:
        lines = mounts.read_text("utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    real = os.path.realpath(folder)
    best, found = -1, None
    for line in lines:
        fields = line.split()
        if len(fields) < 3:
            continue
        point = _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), fields[1])  # a blank stands there as \040
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:  # of two mounts on one folder the later one is seen
            best, found = len(point), fields[2]
    return found


def is_network(filesystem: str | None) -> bool:
    """Return whether several machines may share a file system of this type."""
    return filesystem in NETWORK_FILESYSTEMS
