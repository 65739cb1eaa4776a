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

from padscope.boards.layout import Layout, Pad
from padscope.boards.pad_map import PadMap, PadResult, PictureFacts, Provenance, Verdict
from padscope.masks.classes import load_classes
from padscope.masks.edits import apply, painted
from padscope.masks.shapes import stroke
from padscope.pictures.picture import open_picture
from padscope.resources import resource
from padscope.store import audit, labels
from padscope.store.database import Project, create_project, open_project
from padscope.store.rows import PictureRow
from padscope.types import Affine, Scale

TESTS = Path(__file__).resolve().parent
WIDTH, HEIGHT = 900, 700
STEPS = ("painted", "undone", "redone")
Part = tuple[slice, slice]


@dataclass
class Told:
    """What the window said before it was killed: its plans by number, the last step released, the last one with nothing waiting."""

    plans: list[dict[str, Any]] = field(default_factory=list)
    released: int = 0
    stored: int = 0
    ready: bool = False
    errors: str = ""


def paint_and_kill(path: Path, seed: int, scene: str, delay_s: float, *, lines: int = 1) -> Told:
    """Start the window, and kill it `delay_s` after it has said so many lines: the first is that it is ready to paint."""
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
        for _ in range(lines):
            _take(told, child.stdout.readline().decode().rstrip("\n"))
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
    elif line:
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
    """The picture's label as it must be: every stroke as the pixels it covers, and where they lie."""

    done: list[tuple[Part, NDArray[np.bool_], int]] = field(default_factory=list)
    undone: list[tuple[Part, NDArray[np.bool_], int]] = field(default_factory=list)

    def mask(self) -> NDArray[np.uint8]:
        """All of them painted again, one after the other."""
        out = np.zeros((HEIGHT, WIDTH), np.uint8)
        for part, covered, value in self.done:
            out[part][covered] = value
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
        part, covered = near(plan["points"], plan["radius"])
        if (self.mask()[part][covered] == plan["value"]).all():
            return False
        self.done.append((part, covered, plan["value"]))
        self.undone.clear()
        return True


def near(points: list[list[float]], radius: float) -> tuple[Part, NDArray[np.bool_]]:
    """Every pixel within `radius` of the line, as `reference_masks.near_line`, a whole array at a time."""
    low, high = np.min(points, axis=0) - radius - 1, np.max(points, axis=0) + radius + 2
    (x0, y0), (x1, y1) = np.clip(low, 0, None).astype(int), high.astype(int)
    part = slice(y0, min(y1, HEIGHT)), slice(x0, min(x1, WIDTH))
    y, x = np.mgrid[part].astype(np.float64)
    out = np.zeros(y.shape, bool)
    for (ax, ay), (bx, by) in list(pairwise(points)) or [(points[0], points[0])]:
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        t = np.clip(((x - ax) * dx + (y - ay) * dy) / length, 0.0, 1.0) if length else np.zeros_like(x)
        out |= (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2 <= radius * radius
    return part, out


# what must hold


@dataclass
class Count:
    """Of many kills."""

    kills: int = 0
    steps: int = 0
    came_back: list[str] = field(default_factory=list)  # what the project said when it was opened again
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
        rows = labels.labels(project, project.pictures()[0].sha256)
        steps = sum(r.action in STEPS for row in rows for r in project.history(row.uid))
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
        if effective.get(told.released, 0) > there:
            count.wrong.append(f"step {told.released} was released, {there} are there")
        count.came_back += project.came_back
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


def kill_painting(folder: Path, kills: int, seed: int, count: Count, most: int = 150) -> None:
    """One project, opened by the window again after each kill, its undo stack growing. Now and then it is killed while it starts,
    else after up to `most` lines: in the middle of a stroke, of its way to the disk, or of nothing."""
    path = new_project(folder)
    chance = random.Random(seed)
    state, steps = Painted(), 0
    for turn in range(kills):
        lines, delay_s = (0, chance.uniform(0, 2.0)) if turn % 12 == 11 else (chance.randrange(2, most), 0.0)
        told = paint_and_kill(path, seed * 1000 + turn, "paint", delay_s + chance.uniform(0, 0.02), lines=lines)
        if lines and not told.ready:
            count.wrong.append(f"the window did not open: {told.errors[-500:]}")
        state, steps = compare(path, state, steps, told, count)
    count.wrong += undone_and_redone(path)


# long work, killed in the middle of it


def scene_project(folder: Path) -> Path:
    """Eight pictures; masks of seven of them in files, others in another project, three classes on four labels of this one, and
    heat on the first."""
    path = new_project(folder, pictures=8)
    with open_project(path) as project:
        for c in load_classes(resource("classes", "standard.toml")):
            labels.add_class(project, c.name, c.colour, value=c.value)
        pictures = project.pictures()
        for picture in pictures[4:]:
            dabs(project, picture.sha256, (1, 2, 7), "AB")
        facts = PictureFacts(pictures[0].name, pictures[0].sha256, WIDTH, HEIGHT, Scale(2.5, "typed", True))
        made = Provenance(
            "patchcore", "a" * 64, "default", "b" * 64, "two pads", "c" * 64, "2026-01-01T00:00:00Z", "padscope"
        )
        layout = Layout(
            "two pads", tuple(Pad(f"P{n}", 300 + 900 * n, 800, 600, 900) for n in range(2)), (), (), "c" * 64
        )
        found = [PadResult(pad.id, Verdict.NOT_BONDABLE, (), 2.0, 0.5, (), ()) for pad in layout.pads]
        pose = Affine(0.4, 0.0, 0.0, 0.0, 0.4, 0.0)
        level = np.zeros((-(-HEIGHT // 8), -(-WIDTH // 8)), np.float32)
        level[35:45, 12:24] = level[35:45, 55:65] = 2.0
        pad_map = PadMap(facts, pose, 0.5, "fiducials", made, tuple(found), ())
        project.add_inspection(pad_map, layout, level, picture_path=pictures[0].path)
        project.copy_to(folder / "other.padscope")
    with open_project(folder / "other.padscope") as other:
        for picture in pictures[1:4]:
            dabs(other, picture.sha256, (3, 4), "CD")
    (folder / "labels").mkdir()
    for n in range(1, 8):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.circle(mask, (300 + 20 * n, 300), 60, 1 + n % 3, -1)
        cv2.imwrite(str(folder / "labels" / f"board{n}.png"), mask)
    (folder / "labels" / "classes.csv").write_text("value,name,colour\n1,one,#d55e00\n2,two,#009e73\n3,three,#0072b2\n")
    return path


def dabs(project: Project, sha256: str, values: tuple[int, ...], author: str) -> None:
    row = labels.begin_label(project, sha256, author=author)
    mask = labels.load_mask(project, row.id)
    for n, value in enumerate(values):
        edit = painted(mask, stroke(np.array([[200.0 + 90 * n, 250.0]]), 30.0), value)
        labels.commit_edit(project, row.id, edit, tool="brush", author=author)
        apply(mask, edit)


WHOLE: dict[str, tuple[str, int]] = {
    "import_labels": ("tool LIKE 'read from %'", 7),
    "merge_project": ("author = 'CD'", 6),
    "classes": ("tool = 'classes merged'", 4),
    "heat": ("tool = 'heat taken'", 1),
}
"""Per scene: which strokes it brings, and how many of them: all or none."""
FINE = (" is merged: ", " imported.")
"""What a window says that has come to the end of its scene."""


def kill_in_scene(folder: Path, scene: str, kills: int, seed: int, count: Count, longest_s: float) -> int:
    """A fresh copy of the project each time; how often the scene had come to its end."""
    path = scene_project(folder)
    original = folder / "original.padscope"
    path.rename(original)
    chance, complete = random.Random(seed), 0
    where, wanted = WHOLE[scene]
    for turn in range(kills):
        shutil.copy(original, path)
        told = paint_and_kill(path, seed * 1000 + turn, scene, chance.uniform(0.0, longest_s))
        said = [
            line for line in told.errors.splitlines() if line.startswith("said") and not any(w in line for w in FINE)
        ]
        if said or not told.ready:
            count.wrong.append(" ".join(said) or f"the window did not open: {told.errors[-500:]}")
        if scene in ("import_labels", "merge_project"):  # beside the picture that is painted on
            compare(path, Painted(), 0, told, count)
        with open_project(path) as project:
            if scene not in ("import_labels", "merge_project"):
                count.kills += 1
                count.wrong += whole(project)
            there = project.rows(f"SELECT count(*) AS n FROM edits WHERE {where}")[0]["n"]
            complete += there >= wanted
            also = (
                wanted + 1 if scene == "classes" else wanted
            )  # the label that is just being painted, where it has the class
            if there not in (0, wanted, also):
                count.wrong.append(f"{scene}: {there} of {wanted}")
        for left in (*folder.glob("p.padscope-*"), path):
            left.unlink(missing_ok=True)
    return complete
