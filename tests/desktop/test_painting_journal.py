"""No kill takes what was released: a journal holds it until the project does."""

from __future__ import annotations

import pytest
from painter import Painter
from PySide6.QtCore import Qt

from padscope.errors import StoreError
from padscope.store import labels
from padscope.store.steps import left_in, place
from padscope_desktop.labels import stock as label_stock


def test_a_stroke_is_in_the_journal_when_the_mouse_is_released_and_forgotten_when_it_is_stored(
    hand: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place(hand.bench.session.project)
    hand.stroke((200, 200), (300, 200))
    assert [step.kind for step, _ in left_in(path.read_bytes()).steps] == ["stroke"]
    hand.labelling.undo()
    assert [step.kind for step, _ in left_in(path.read_bytes()).steps][-1] == "undo"
    hand.stored()
    assert path.read_bytes() == b""

    real = labels.commit_edit

    def full(*_: object, **__: object) -> None:
        raise StoreError("The disk is full; free some space.")

    monkeypatch.setattr(labels, "commit_edit", full)
    hand.stroke((200, 200), (300, 200))
    hand.bench.until(lambda: hand.labelling.outbox.stuck)
    assert len(left_in(path.read_bytes()).steps) == 1  # what the project refuses stays
    monkeypatch.setattr(labels, "commit_edit", real)
    named = hand.bench.folder / "named.padscope"
    hand.bench.session.save_as(named)
    hand.bench.until(lambda: hand.bench.session.project == named)
    assert len(left_in(place(named).read_bytes()).steps) == 1  # and goes along
    hand.labelling.outbox.send()
    hand.stored()
    assert place(named).read_bytes() == b""


def test_what_waits_when_another_project_is_opened_is_stored_once_when_it_is_opened_again(
    hand: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, real = hand.bench.session, labels.commit_edit
    first, other = session.project, hand.bench.folder / "other.padscope"

    def full(*_: object, **__: object) -> None:
        raise StoreError("The disk is full; free some space.")

    monkeypatch.setattr(labels, "commit_edit", full)
    hand.stroke((200, 200), (300, 200))
    hand.bench.until(lambda: hand.labelling.outbox.stuck)
    session.open_project(other, create=True)
    hand.bench.until(lambda: session.project == other and not session.keeper.busy)
    monkeypatch.setattr(labels, "commit_edit", real)
    said: list[str] = []
    session.mentioned.connect(said.append)
    session.open_project(first)
    hand.bench.until(lambda: session.project == first and hand.labelling.mask is not None and not session.keeper.busy)
    assert "1 stroke that was being stored came back" in said
    hand.stored()
    assert not hand.labelling.outbox.stuck
    assert [row.strokes for row in hand.asked(labels.labels)] == [1]
    assert hand.area() > 0


def test_an_undo_that_waits_for_older_strokes_never_takes_back_a_newer_one(
    hand: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_stock, "AT_HAND", 1)
    for x in (200, 300, 400):
        hand.click(x, 200)
    hand.stored()
    hand.labelling.reload()
    hand.bench.until(lambda: not hand.bench.session.keeper.busy)
    hand.labelling._done.clear()  # as when they are undone faster than older ones come
    hand.labelling._older = 3
    hand.labelling.undo()  # begins to fetch
    hand.click(500, 500)
    hand.bench.until(lambda: not hand.bench.session.keeper.busy and not hand.labelling._fetching)
    assert hand.value(500, 500) != 0
    hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert hand.value(500, 500) == 0  # asked for again, it is taken back
    hand.stored()
    row = hand.asked(labels.labels)[0]
    assert hand.asked(lambda p: labels.load_mask(p, row.id)) == hand.mask
