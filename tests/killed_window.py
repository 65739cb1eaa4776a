"""Kills the real window (`desktop/window_to_kill.py`) while somebody paints in it, opens the project again and compares it with a
slow replay of what was painted."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.pictures.picture import open_picture
from padscope.store import audit, labels
from padscope.store.database import Project, create_project, open_project
from padscope.store.rows import PictureRow

TESTS = Path(__file__).resolve().parent
WIDTH, HEIGHT = 900, 700
STEPS = ("painted", "undone", "redone")


@dataclass
class Told:
    """What the window said before it was killed: its plans by number, the last step released, the last one with nothing waiting."""

    plans: list[dict[str, Any]] = field(default_factory=list)
    released: int = 0
    stored: int = 0
    ready: bool = False
    errors: str = ""


def paint_and_kill(path: Path, seed: int, scene: str, delay_s: float, *, early: bool = False) -> Told:
    """Start the window, kill it `delay_s` after it is ready to paint, or `early` after its start."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(TESTS / "desktop"), str(TESTS), *sys.path]),
        "QT_QPA_PLATFORM": "offscreen",
        "PADSCOPE_SETTINGS": str(path.parent / "settings.json"),
    }
    command = [sys.executable, str(TESTS / "desktop" / "window_to_kill.py"), str(path), str(seed), scene]
    told = Told()
    log = path.with_suffix(".log")
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, env=environment, start_new_session=True
        ) as child,
    ):
        assert child.stdout is not None
        if not early:
            told.ready = child.stdout.readline() == b"ready\n"
        time.sleep(delay_s)  # not to wait for something, but to strike at a random moment
        child.send_signal(signal.SIGKILL)
        for line in child.stdout.read().split(b"\n")[:-1]:
            _take(told, line.decode())
    told.errors = log.read_text("utf-8", "replace")
    return told


def _take(told: Told, line: str) -> None:
    if line.startswith("{"):
        told.plans.append(json.loads(line))
    elif line == "ready":
        told.ready = True
    else:
        what, number = line.split()
        setattr(told, what, int(number))


def new_project(folder: Path, name: str = "p.padscope", pictures: int = 1) -> Path:
    """With pictures of noise on disk, and nothing painted."""
    with create_project(folder / name) as project:
        for n in range(pictures):
            path = folder / f"board{n}.png"
            if not path.exists():
                noise = np.random.default_rng(n).integers(0, 255, (HEIGHT // 20, WIDTH // 20, 3), np.uint8)
                cv2.imwrite(str(path), cv2.resize(noise, (WIDTH, HEIGHT)))
            with open_picture(path) as picture:
                size = path.stat().st_size
                project.add_picture(PictureRow(picture.sha256, str(path), WIDTH, HEIGHT, size, picture.scale))
    return folder / name


# the slow replay


@dataclass
class Painted:
    """The picture's label as it must be, one whole array per stroke."""

    done: list[tuple[NDArray[np.bool_], int]] = field(default_factory=list)
    undone: list[tuple[NDArray[np.bool_], int]] = field(default_factory=list)

    def mask(self) -> NDArray[np.uint8]:
        out = np.zeros((HEIGHT, WIDTH), np.uint8)
        for covered, value in self.done:
            out[covered] = value
        return out

    def does(self, plan: dict[str, Any]) -> bool:
        """Make a step; False where it changes nothing, and so is none."""
        if plan["do"] == "undo":
            if not self.done:
                return False
            self.undone.append(self.done.pop())
            return True
        if plan["do"] == "redo":
            if not self.undone:
                return False
            self.done.append(self.undone.pop())
            return True
        covered, before = near(plan["points"], plan["radius"]), self.mask()
        if (before[covered] == plan["value"]).all():
            return False
        self.done.append((covered, plan["value"]))
        self.undone.clear()
        return True


def near(points: list[list[float]], radius: float) -> NDArray[np.bool_]:
    """Every pixel within `radius` of the line, as `reference_masks.near_line`, a whole array at a time."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    out = np.zeros((HEIGHT, WIDTH), bool)
    for (ax, ay), (bx, by) in list(pairwise(points)) or [(points[0], points[0])]:
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        t = np.clip(((x - ax) * dx + (y - ay) * dy) / length, 0.0, 1.0) if length else np.zeros_like(x)
        out |= (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2 <= radius * radius
    return out


# what must hold


@dataclass
class Count:
    """Of many kills."""

    kills: int = 0
    steps: int = 0
    in_flight: list[int] = field(default_factory=list)  # released, and not on disk: by kill
    wrong: list[str] = field(default_factory=list)


def whole(project: Project) -> list[str]:
    """Everything that must be true of a project whatever happened to it; what is not, in words."""
    wrong = [str(r[0]) for r in project.rows("PRAGMA integrity_check") if r[0] != "ok"]
    broken = audit.first_break(project.history())
    return [*wrong, *([broken] if broken else []), *project.damages(), *labels.label_damages(project)]


def compare(path: Path, before: Painted, known: int, told: Told, count: Count) -> tuple[Painted, int]:
    """The painted project against the replay of what was told; the replay as far as the project goes, and its number of steps."""
    with open_project(path) as project:
        count.wrong += whole(project)
        rows = labels.labels(project)
        steps = sum(r.action in STEPS for r in project.history())
        there = steps - known
        made = 0
        effective = {0: 0}
        after = before
        for plan in told.plans:
            if made < there:
                made += after.does(plan)
                effective[plan["plan"]] = made
            else:  # what came later, if it would have changed anything
                trial = Painted(list(after.done), list(after.undone))
                effective[plan["plan"]] = effective[plan["plan"] - 1] + trial.does(plan)
        if made != there:
            count.wrong.append(f"{there} steps on disk, {made} of {len(told.plans)} were made")
        if effective.get(told.stored, 0) > there:
            count.wrong.append(f"step {told.stored} was said to be stored, {there} are")
        count.in_flight.append(max(effective.get(told.released, 0) - there, 0))
        count.kills += 1
        count.steps += there
        expected = after.mask()
        if rows:
            mask = labels.load_mask(project, rows[0].id)
            wrong = int((mask.read(mask.box) != expected).sum())
            if wrong:
                count.wrong.append(f"{wrong} pixels are not as painted")
            states = [row.state for row in labels.edits(project, rows[0].id)]
            if (states.count("done"), states.count("undone")) != (len(after.done), len(after.undone)):
                count.wrong.append(
                    f"undo {states.count('done')} of {len(after.done)}, redo {states.count('undone')} of {len(after.undone)}"
                )
        elif expected.any():
            count.wrong.append("the label is lost")
    return after, steps


def undone_and_redone(path: Path) -> list[str]:
    """On a copy: every stroke can be taken back, to nothing, and done again."""
    copy = path.with_name("copy.padscope")
    shutil.copy(path, copy)
    wrong = []
    with open_project(copy) as project:
        for row in labels.labels(project):
            mask, n = labels.load_mask(project, row.id), row.strokes
            while labels.undo(project, row.id) is not None:
                pass
            if not labels.load_mask(project, row.id).empty:
                wrong.append("something is left when all is undone")
            for _ in range(n):
                labels.redo(project, row.id)
            if labels.load_mask(project, row.id) != mask:
                wrong.append("undone and redone it is not the same")
    copy.unlink()
    return wrong


def kill_painting(folder: Path, kills: int, seed: int, count: Count, longest_s: float = 0.8) -> None:
    """One project, opened by the window again after each kill, its undo stack growing."""
    path = new_project(folder)
    chance = random.Random(seed)
    state, steps = Painted(), 0
    for turn in range(kills):
        early = chance.random() < 0.08
        told = paint_and_kill(
            path, seed * 1000 + turn, "paint", chance.uniform(0.0, 2.0 if early else longest_s), early=early
        )
        if not early and not told.ready:
            count.wrong.append(f"the window did not open: {told.errors[-500:]}")
        state, steps = compare(path, state, steps, told, count)
    count.wrong += undone_and_redone(path)
