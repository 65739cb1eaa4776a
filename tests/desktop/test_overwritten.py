"""A microscope that saves another picture under an old name: what is on the screen and in the list is the new one's alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from conftest import Bench
from padscope.types import Scale

NEW = "f" * 64


def inspect_again(bench: Bench, key: int) -> None:
    bench.qtbot.mouseClick(bench.window.inspect_mode.panel.setup.inspect, Qt.MouseButton.LeftButton)


def seen_by_the_watch(bench: Bench, key: int) -> None:
    bench.session.take_picture(bench.session.album.entries[key].path, NEW)


def read_for_the_list(bench: Bench, key: int) -> None:
    bench.session.thumbnails.fetch(bench.session.album.entries[key])


@pytest.mark.parametrize(
    ("way", "judged"), [(inspect_again, True), (seen_by_the_watch, False), (read_for_the_list, False)]
)
def test_nothing_of_the_old_picture_is_shown_for_the_new_one(
    bench: Bench, way: Callable[[Bench, int], None], judged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.inspected("bad01.jpg")
    session, key = bench.session, bench.session.current
    assert key is not None
    entry, card = session.album.entries[key], bench.backend._card
    session.set_scale(key, Scale(3.0, "typed"))
    entry.signed_by, entry.together = "AB", (entry.sha256, "e" * 64)
    bench.backend._card = lambda path: replace(card(path), sha256=NEW)
    monkeypatch.setattr("fake_backend.pixels", lambda w, h: np.full((h, w, 3), 7, np.uint8))
    if judged:
        entry.together = ()
    way(bench, key)
    bench.until(lambda: entry.sha256 == NEW and entry.thumbnail and not session.keeper.busy)
    levels = bench.window.canvas.picture
    bench.until(lambda: len(levels.levels) > 1 and (np.asarray(levels.levels[0]) == 7).all())
    bench.until(lambda: not session.jobs.active() and not session.keeper.busy)
    assert (entry.signed_by, entry.own_scale, entry.together) == ("", None, ())
    if judged:
        assert session.judging.board.pad_map.picture.sha256 == NEW
        assert entry.inspection
    else:
        assert session.judging.board is None
        assert (entry.counts, entry.inspection) == (None, 0)
