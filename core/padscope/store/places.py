"""Where a file lies: SQLite's write-ahead log does not work on a network drive."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path, PureWindowsPath

NETWORK_KINDS = (
    "nfs",
    "cifs",
    "smb",
    "afs",
    "9p",
    "fuse.sshfs",
    "fuse.rclone",
    "davfs",
    "fuse.davfs",
    "ceph",
    "glusterfs",
)
"""Beginnings of the kinds of file systems that lie on another machine, as Linux names them."""
REMOTE_DRIVE = 4  # Windows: GetDriveTypeW's DRIVE_REMOTE


def on_network(path: Path) -> bool:
    """Whether this path lies on another machine; False where that cannot be known."""
    if sys.platform == "win32":
        drive = PureWindowsPath(path.absolute()).drive
        return drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(drive + "\\") == REMOTE_DRIVE
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return mount_kind(os.path.realpath(path), mounts).startswith(NETWORK_KINDS)


def mount_kind(path: str, mounts: Iterable[str]) -> str:
    """The kind of file system of the deepest mount that holds the path, from lines of /proc/mounts; "" where there is none."""
    best = ("", "")
    for line in mounts:
        parts = line.split()
        if len(parts) < 3:
            continue
        place = parts[1].replace("\\040", " ")
        inside = path == place or path.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(best[0]):
            best = (place, parts[2])
    return best[1]
