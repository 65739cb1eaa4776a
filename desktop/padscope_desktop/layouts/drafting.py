"""The work around a layout in the making: finding it in the picture, learning, importing, saving, putting it to use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from padscope.boards.layout import Layout, Pad
from padscope.boards.layout_choice import Choice
from padscope.boards.layout_json import sealed
from padscope.errors import LayoutError
from padscope.types import Affine, Scale
from padscope_desktop.background.payloads import Drawing, Placed
from padscope_desktop.background.protocol import Fault
from padscope_desktop.layouts.draft import Draft, Frame
from padscope_desktop.messages import about_fault
from padscope_desktop.viewer.picture_layer import Pixels

if TYPE_CHECKING:
    from padscope_desktop.session import Session

Clicks = Mapping[str, tuple[float, float]]


class Drafting(QObject):
    """Signals: previewed(): `drawing` or `preview` is another · unreadable(sentence) · learned()."""

    previewed = Signal()
    unreadable = Signal(str)
    learned = Signal()

    def __init__(self, session: Session, draft: Draft, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._draft = draft
        self._frames: dict[int, Frame] = {}  # by picture: where the layout was found
        self._missed: set[tuple[int, int]] = set()  # (picture, pads) that were looked for in vain
        self.drawing: Drawing | None = None
        self.preview_frame: Frame | None = None
        self.doubtful: tuple[str, ...] = ()
        session.project_changed.connect(self._on_project)

    # Where the layout lies

    @property
    def preview(self) -> Layout | None:
        """What is about to be imported."""
        return self.drawing.layout if self.drawing is not None else None

    @property
    def frame(self) -> Frame | None:
        """Of the preview, or of the draft; without a found board its µm lie along the picture's axes."""
        key = self._session.current
        if key is None or key not in self._session.album.entries:
            return None
        if self.drawing is not None:
            return self.preview_frame or self._spread(self.preview)
        return self._frames.get(key) or self._by_scale()

    @property
    def um_per_px(self) -> float | None:
        """As typed, or as the picture says."""
        key = self._session.current
        if key is None:
            return None
        scale = self._session.album.entries[key].scale
        return scale.um_per_px if scale is not None else None

    def _by_scale(self) -> Frame:
        um = self.um_per_px
        if um is None:
            return Frame(Affine(1, 0, 0, 0, 1, 0), "The picture has no scale", scaled=False)
        typed = self._session.album.entries[self._session.current or 0].own_scale is not None
        return Frame(Affine(1 / um, 0, 0, 0, 1 / um, 0), "By the typed scale" if typed else "By the picture's scale")

    def _spread(self, layout: Layout | None) -> Frame:
        """In the middle of the picture, as large as its scale says, until the board is found."""
        plain = self._by_scale()
        entry = self._session.album.entries[self._session.current or 0] if self._session.current is not None else None
        if layout is None or entry is None or entry.card is None:
            return plain
        x0, y0, x1, y1 = layout.bounds_um
        w, h = entry.card.width, entry.card.height
        s = plain.um_to_px.a if self.um_per_px else min(0.9 * w / max(x1 - x0, 1), 0.9 * h / max(y1 - y0, 1))
        middle = Affine(s, 0, w / 2 - s * (x0 + x1) / 2, 0, s, h / 2 - s * (y0 + y1) / 2)
        return Frame(middle, "in the middle of the picture: the board is not found yet")

    @Slot(float)
    def set_scale(self, um_per_px: float) -> None:
        key = self._session.current
        if key is not None:
            self._session.set_scale(key, Scale(um_per_px, "typed"))  # inspections need it, too
            self._frames.pop(key, None)
            self._draft.frame_changed.emit()

    def look(self) -> None:
        """What is known of this picture's pose; else look for the board, once; where it is not there, the status line says so."""
        key, layout = self._session.current, self._draft.layout
        board = self._session.judging.board
        if key is None or not layout.pads:
            self._draft.frame_changed.emit()
            return
        if board is not None and board.key == key and board.layout == layout and key not in self._frames:
            pose = board.pad_map
            words = f"As inspected, ±{pose.residual_um:.1f} µm"
            self._frames[key] = Frame(board.um_to_px, words, found=True)
        elif key not in self._frames and (key, len(layout.pads)) not in self._missed:
            self._find(None, quiet=True)
        self._draft.frame_changed.emit()

    @Slot()
    def find(self, clicks: Clicks | None = None) -> None:
        self._find(clicks if isinstance(clicks, Mapping) else None, quiet=False)

    def _find(self, clicks: Clicks | None, *, quiet: bool) -> None:
        key = self._session.current
        layout = self.preview or self._draft.layout
        if key is None or not layout.pads:
            self._session.mentioned.emit("To find a board there must be a picture and a layout")
            return
        self._session.settled.emit("place")
        entry = self._session.album.entries[key]
        self._session.jobs.start(
            "place",
            entry.path,
            layout,
            entry.own_scale.um_per_px if entry.own_scale is not None else None,
            dict(clicks) if clicks else None,
            title=f"Finding the board in {entry.name}",
            lane="quick",
            slot="place",
            done=partial(self._on_placed, key),
            failed=partial(self._on_not_placed, key, quiet),
        )

    def _on_placed(self, key: int, placed: Placed) -> None:
        frame = Frame(placed.um_to_px, placed.words.capitalize() if self.preview is None else placed.words, found=True)
        if self.preview is not None and placed.layout == self.preview:
            self.preview_frame = frame
        elif placed.layout == self._draft.layout:
            self._frames[key] = frame
        else:
            return  # another layout by now
        self._draft.frame_changed.emit()

    def _on_not_placed(self, key: int, quiet: bool, fault: Fault) -> None:
        if quiet or self.preview is not None:
            self._missed.add((key, len(self._draft.layout.pads)))
            self._session.mentioned.emit(
                "The board was not found in this picture; click its marks, or go on by its scale"
            )
            return
        self._session.said.emit(about_fault("place", "The board was not found in this picture.", fault))

    def forget_place(self) -> None:
        """The draft is another board: where this one was found says nothing about it."""
        self._frames.clear()
        self._missed.clear()
        self.doubtful = ()
        self._draft.frame_changed.emit()

    # From a picture, from a file

    @Slot()
    def learn(self, *_: object) -> None:
        key = self._session.current
        if key is None:
            self._session.mentioned.emit("Learning a layout needs a picture of a sound board")
            return
        self._session.settled.emit("learn")
        entry = self._session.album.entries[key]
        self._session.jobs.start(
            "learn_layout",
            entry.path,
            self.um_per_px,
            title=f"Looking for pads in {entry.name}",
            lane="quick",
            slot="learn",
            done=partial(self._on_learned, key),
            failed=partial(self._say, "learn", "No layout could be learned from this picture."),
        )

    def _on_learned(self, key: int, placed: Placed) -> None:
        self._frames = {key: Frame(placed.um_to_px, placed.words.capitalize(), found=True)}
        self.doubtful = placed.doubtful
        self._draft.do("learn", lambda _: placed.layout)
        n, doubtful = len(placed.layout.pads), len(placed.doubtful)
        look = f"; {doubtful} marked ones are doubtful" if doubtful else ""
        self._session.mentioned.emit(f"{n} pads were found{look}. Correct what is wrong, then use it")
        self.learned.emit()

    def read(self, path: Path, choice: Choice | None = None) -> None:
        """A file to import from; what it holds is previewed."""
        if self.drawing is None or self.drawing.path != path:
            self.drawing, self.preview_frame = Drawing(path, None, "", (), ()), None
        self._session.jobs.start(
            "read_drawing",
            path,
            choice,
            title=f"Reading {path.name}",
            lane="quick",
            slot="drawing",
            done=partial(self._on_drawing, path),
            failed=partial(self._on_unreadable, path),
        )

    @Slot(object)
    def choose(self, choice: Choice) -> None:
        """Another part of the same drawing."""
        if self.drawing is not None:
            self.read(self.drawing.path, choice)

    def _on_drawing(self, path: Path, drawing: Drawing) -> None:
        if self.drawing is None or self.drawing.path != path:
            return  # cancelled meanwhile
        first = self.drawing.layout is None and self.preview_frame is None
        self.drawing = drawing
        self.previewed.emit()
        if first and drawing.layout is not None and self._session.current is not None:
            self._find(None, quiet=True)

    def _on_unreadable(self, path: Path, fault: Fault) -> None:
        if self.drawing is not None and self.drawing.path == path:
            self.drawing = replace(self.drawing, layout=None)
            self.previewed.emit()
            self.unreadable.emit(fault.sentence)

    def taken(self) -> Layout | None:
        """The preview, which is over now; where it lies becomes where the draft lies."""
        layout, frame, key = self.preview, self.preview_frame, self._session.current
        self.drawing, self.preview_frame = None, None
        if layout is not None and key is not None:
            self._frames = {key: frame} if frame is not None else {}
        return layout

    # Measuring in the picture that is shown

    def snapped(self, pad: Pad, levels: Sequence[Pixels]) -> Pad | None:
        from padscope.boards.layout_snap import Array, snapped

        frame, full = self.frame, self._full(levels)
        if frame is None or full is None:
            return None
        found = snapped(Array(full), pad, frame.um_to_px)
        return None if found is None else _rounded(found)

    def mark_at(self, at: tuple[float, float], levels: Sequence[Pixels]) -> tuple[float, float, float] | None:
        """Centre and radius (px) of the round mark under a click."""
        from padscope.boards.layout_snap import Array, circle_at

        frame, full = self.frame, self._full(levels)
        if frame is None or full is None:
            return None
        known = [f.diameter_um / 2 * frame.um_to_px.scale for f in self._draft.layout.fiducials]
        for radius in (*dict.fromkeys(known[:1]), None):
            mark = circle_at(Array(full), *at, radius)
            if mark is not None:
                return mark.x_px, mark.y_px, mark.radius_px
        return None

    def _full(self, levels: Sequence[Pixels]) -> Pixels | None:
        """The picture at full size, once it is there."""
        key = self._session.current
        card = self._session.album.entries[key].card if key is not None else None
        if card is None:
            return None
        return next((a for a in levels if a.shape[:2] == (card.height, card.width)), None)

    # Out

    @property
    def folder(self) -> Path | None:
        """Where a person probably keeps layouts: beside the picture."""
        key = self._session.current
        return self._session.album.entries[key].path.parent if key is not None else None

    def use(self) -> None:
        try:
            layout = sealed(self._draft.layout)
        except LayoutError as error:
            self._session.mentioned.emit(str(error))
            return
        self._session.use_layout(layout)
        self._draft.do("use", lambda _: layout)
        self._draft.kept(layout)
        self._session.mentioned.emit(f"{layout.name} is in use: {len(layout.pads)} pads")

    def save(self, path: Path) -> None:
        layout = self._draft.layout
        self._session.settled.emit("layout")
        self._session.jobs.start(
            "save_layout",
            layout,
            path,
            title=f"Saving {path.name}",
            lane="quick",
            done=partial(self._on_saved, layout),
            failed=partial(self._say, "layout", f"{path.name} was not saved."),
        )

    def _on_saved(self, layout: Layout, path: Path) -> None:
        if layout == self._draft.layout:
            self._draft.kept(layout)
        self._session.mentioned.emit(f"Saved as {path.name}")

    @Slot()
    def _on_project(self) -> None:
        """Pictures have other keys there."""
        self._frames.clear()
        self._missed.clear()

    def _say(self, topic: str, what: str, fault: Fault) -> None:
        self._session.said.emit(about_fault(topic, what, fault))


def _rounded(pad: Pad) -> Pad:
    """To a hundredth of a µm: more is noise."""
    x, y, w, h = np.round([pad.x_um, pad.y_um, pad.w_um, pad.h_um], 2).tolist()
    return replace(pad, x_um=x, y_um=y, w_um=w, h_um=h)
