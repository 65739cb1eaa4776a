"""A folder for what can be made again: mapped pictures. Gone when the window closes; swept later if it crashed."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path


class Scratch:
    """The folder “padscope-PID-…” is made when it is first needed."""

    def __init__(self, parent: Path | None = None) -> None:
        self.parent = parent or Path(tempfile.gettempdir())
        self._folder: Path | None = None
        self._last = 0

    def new_file(self) -> Path:
        """A path where no file is yet."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix=f"padscope-{os.getpid()}-", dir=self.parent))
        self._last += 1
        return self._folder / f"{self._last}.levels"

    def discard(self, file: Path) -> None:
        """As soon as the system lets go of it: Windows refuses while it is mapped, then `close` does it."""
        try:
            file.unlink(missing_ok=True)
        except OSError:
            return

    def close(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
