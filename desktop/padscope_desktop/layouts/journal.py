"""What was done to a layout in the making, line by line beside the project, so that a crash costs no step of it.

`NAME.padscope-draft` holds one JSON object per line: {"clean": layout} begins anew, {"do": words, "layout": …} is a step,
{"undo": 1} and {"redo": 1} go back and forth, {"saved": layout} says what is saved or in use. A last line that was cut off in
the middle is left out.
"""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from padscope.boards.layout import Fiducial, Layout, Pad, Wire
from padscope.boards.layout_edit import Edits
from padscope_desktop.background.protocol import Fault
from padscope_desktop.layouts.draft import EMPTY, Draft
from padscope_desktop.messages import Choice, Message, about_fault
from padscope_desktop.quantities import count

if TYPE_CHECKING:
    from padscope.store.database import Project
    from padscope_desktop.session import Session

SUFFIX = "-draft"
TOPIC = "draft"
LONGEST_BYTES = 32_000_000
"""A longer journal is not read back step by step, only its end."""


@dataclass(frozen=True)
class Kept:
    """A draft as it was left, and what of it was saved or in use."""

    edits: Edits
    clean: Layout


class Journal(QObject):
    """Writes every step of a draft beside the session's project, and brings it back when the project is opened. Signal:
    wanted(): a person goes on with it."""

    wanted = Signal()

    def __init__(self, session: Session, draft: Draft, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._draft = draft
        draft.stepped.connect(self._on_step)
        session.contents_read.connect(self._on_opened)
        session.saved_as.connect(self._on_saved_as)

    @Slot()
    def _on_opened(self) -> None:
        self._session.settled.emit(TOPIC)
        self._draft.restore(Edits(EMPTY), EMPTY)  # what was drawn for the project before stays with that one
        self._session.keeper.ask(kept, done=self._on_kept, failed=self._on_failed)

    def _on_kept(self, found: Kept | None) -> None:
        if found is None or found.edits.now == found.clean or self._draft.touched:
            return
        self._draft.restore(found.edits, found.clean)
        layout, steps = found.edits.now, len(found.edits.past)
        undone = f" {count(steps, 'step')} can be undone." if steps else ""
        there = f"{count(len(layout.pads), 'pad')}, not in use yet.{undone}"
        go_on = Choice("Go on (F4)", self.wanted.emit)
        self._session.said.emit(
            Message(TOPIC, f"The layout “{layout.name}” is as you left it.", there, choices=(go_on,))
        )

    @Slot()
    def _on_saved_as(self) -> None:
        """The draft goes along to the new name."""
        if self._draft.touched:
            self._ask(partial(rewrite, lines=lines_of(self._draft.edits, self._draft.clean)))

    @Slot(object)
    def _on_step(self, line: dict[str, Any]) -> None:
        """Only another layout begins the journal anew: what was saved or undone stands on the lines before it."""
        self._ask(partial(rewrite if "clean" in line else append, lines=(line,)))

    def _ask(self, question: Any) -> None:
        if self._session.project is not None:
            self._session.keeper.ask(question, failed=self._on_failed)

    def _on_failed(self, fault: Fault) -> None:
        self._session.said.emit(about_fault(TOPIC, "The layout in the making is not kept on disk: save it.", fault))


def place(project: Project) -> Path:
    return project.path.with_name(project.path.name + SUFFIX)


def append(project: Project, lines: Iterable[dict[str, Any]]) -> None:
    with place(project).open("a", encoding="utf-8") as file:
        file.writelines(f"{_packed(line)}\n" for line in lines)


def rewrite(project: Project, lines: Iterable[dict[str, Any]]) -> None:
    """The whole journal, or what was there stays."""
    goal = place(project)
    part = goal.with_name(goal.name + ".part")
    part.write_text("".join(f"{_packed(line)}\n" for line in lines), encoding="utf-8")
    os.replace(part, goal)


def kept(project: Project) -> Kept | None:
    """None where nothing was being made."""
    path = place(project)
    if not path.exists():
        return None
    raw = path.read_bytes()
    edits, clean = (Edits(EMPTY) if len(raw) <= LONGEST_BYTES else None), EMPTY
    for text in raw[-LONGEST_BYTES:].decode("utf-8", "replace").splitlines():
        line = _unpacked(text)
        if "clean" in line:
            clean = line["clean"]
            edits = Edits(clean)
        elif "saved" in line:
            clean = line["saved"]
        elif "layout" in line:
            edits = Edits(line["layout"]) if edits is None else edits.done(str(line.get("do", "")), line["layout"])
        elif edits is not None and line:
            edits = edits.undone() if "undo" in line else edits.redone()
    return Kept(edits, clean) if edits is not None else None


def lines_of(edits: Edits, clean: Layout) -> tuple[dict[str, Any], ...]:
    """A journal from which the same draft comes back; what was undone is left out."""
    befores = [before for _, before in edits.past]
    after = [*befores, edits.now][1:]
    first = {"clean": befores[0] if befores else edits.now}
    steps = ({"do": what, "layout": layout} for (what, _), layout in zip(edits.past, after, strict=True))
    return first, *steps, *(({"saved": clean},) if clean != first["clean"] else ())


def _packed(line: dict[str, Any]) -> str:
    return json.dumps({key: _squeezed(v) if isinstance(v, Layout) else v for key, v in line.items()})


def _squeezed(layout: Layout) -> str:
    return base64.b64encode(zlib.compress(json.dumps(asdict(layout)).encode(), 1)).decode()


def _unpacked(text: str) -> dict[str, Any]:
    """{} for what is no line of a journal."""
    try:
        line = json.loads(text)
        return {k: _layout(v) if k in ("clean", "layout", "saved") else v for k, v in line.items()}
    except (ValueError, TypeError, KeyError, AttributeError, zlib.error):
        return {}


def _layout(squeezed: str) -> Layout:
    """Also one that no inspection would take: without pads, or with pads that overlap."""
    data = json.loads(zlib.decompress(base64.b64decode(squeezed)))
    pads = tuple(Pad(**{**p, "polygon_um": _points(p["polygon_um"])}) for p in data["pads"])
    wires = tuple(Wire(**{**w, "foot_um": tuple(w["foot_um"])}) for w in data["wires"])
    return Layout(data["name"], pads, wires, tuple(Fiducial(**f) for f in data["fiducials"]), data["sha256"])


def _points(points: list[list[float]] | None) -> tuple[tuple[float, float], ...] | None:
    return None if points is None else tuple((x, y) for x, y in points)
