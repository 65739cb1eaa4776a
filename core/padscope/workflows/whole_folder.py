"""Several files that belong together: all of them reach their folder, or none does."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from padscope.errors import OutputError


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into, folders in folders too; what is in it moves to the goal only when all of it is complete, and where
    one file cannot be replaced, the goal stays as it was. A goal that was made for it goes again where nothing came into it."""
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".padscope-", dir=folder))
        kept = Path(tempfile.mkdtemp(prefix=".padscope-", dir=folder))
    except OSError as problem:
        raise unwritable(folder, problem) from None
    try:
        yield draft
        _moved(draft, folder, kept)
    except OSError as problem:
        raise unwritable(folder, problem) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(kept, ignore_errors=True)
        if new:
            with suppress(OSError):  # something is in it
                folder.rmdir()


def unwritable(folder: Path, problem: OSError) -> OutputError:
    return OutputError(
        f"{folder} cannot be written ({problem.strerror or problem}); choose another folder, or make space on this disk."
    )


def _moved(draft: Path, folder: Path, kept: Path) -> None:
    """What will be replaced is copied first and not moved, so that every file is there, old or new, whenever this is ended."""
    goals = {path: folder / path.relative_to(draft) for path in sorted(draft.rglob("*")) if path.is_file()}
    old = {goal: kept / str(number) for number, goal in enumerate(goals.values()) if goal.exists()}
    for goal, copy in old.items():
        shutil.copy2(goal, copy)
    moved: list[Path] = []
    try:
        for path, goal in goals.items():
            goal.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, goal)
            moved.append(goal)
    except OSError:
        for goal in moved:
            with suppress(OSError):
                os.replace(old[goal], goal) if goal in old else goal.unlink()
        raise
