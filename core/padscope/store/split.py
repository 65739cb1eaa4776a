"""A part of a project for a labeller: these pictures with everything known about them, as a project of its own.

Labels and strokes keep their names, so that `store.merge` takes the part back where it left off.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from padscope.errors import StoreError
from padscope.store.database import Project, create_project
from padscope.store.merge import take_over
from padscope.store.rows import PictureRow
from padscope.types import Progress, Work


@dataclass(frozen=True, slots=True)
class SplitReport:
    """What the part holds; `missing` are pictures whose files could not be copied along."""

    path: Path
    pictures: int
    labels: int
    strokes: int
    copied: int = 0
    missing: tuple[str, ...] = ()


def split(
    project: Project, pictures: Sequence[PictureRow], goal: Path, *, copy_pictures: bool = False, author: str = ""
) -> Work[SplitReport]:
    """A new project file with these pictures; with `copy_pictures` their files too, in a folder beside it, so that both can go to
    another PC. StoreError where there is such a file already; nothing is left of a split that was cancelled."""
    if not pictures:
        raise StoreError("A part of a project needs at least one picture; name some.")
    goal = Path(goal)
    folder = goal.with_name(f"{goal.stem} pictures")
    if copy_pictures and folder.exists():
        raise StoreError(f"There is already a folder {folder}; choose another name for the part.")
    part = create_project(goal, goal.stem)
    try:
        only = frozenset(p.sha256 for p in pictures)
        report = yield from take_over(part, project, only=only, author=author)
        copied, missing = 0, []
        for number, picture in enumerate(pictures if copy_pictures else ()):
            yield Progress(number + 1, len(pictures) + 1, f"copying {picture.name}")
            moved = _copied(picture, folder)
            if moved is None:
                missing.append(picture.name)
            else:
                part.add_picture(replace(picture, path=str(moved)), author=author)
                copied += 1
        part.close()
    except BaseException:
        part.close()
        goal.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if not project.read_only:
        note_split(project, goal.name, [p.sha256 for p in pictures], report.labels, author=author)
    return SplitReport(goal, len(pictures), report.labels, report.strokes, copied, tuple(missing))


def note_split(project: Project, name: str, shas: Iterable[str], labels: int, *, author: str = "") -> None:
    """In the history: what went to a labeller."""
    project.record("split off", name, {"pictures": sorted(shas), "labels": labels}, author=author)


def _copied(picture: PictureRow, folder: Path) -> Path | None:
    """Where the copy lies; None where the picture is not where it was."""
    source = Path(picture.path)
    if not source.is_file():
        return None
    folder.mkdir(exist_ok=True)
    goal = folder / source.name
    if goal.exists():
        goal = folder / f"{source.stem}_{picture.sha256[:8]}{source.suffix}"
    part = goal.with_name(goal.name + ".part")
    try:
        shutil.copyfile(source, part)
        os.replace(part, goal)
    except OSError as error:
        raise StoreError(f"{goal} cannot be written ({error.strerror}); choose another place, or make space.") from None
    return goal
