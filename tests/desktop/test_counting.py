"""Count and area of each class beside the painting: always of the mask as it is, and never of half a chunk."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from padscope.masks import tally
from padscope.masks.brush import ROUND, swept
from padscope.masks.class_mask import ClassMask, mask_from_array
from padscope.masks.live import LiveStroke
from padscope_desktop.labels.counting import Counting
from padscope_desktop.panels.classes import Amount


@pytest.fixture
def mask() -> ClassMask:
    classes = np.zeros((600, 900), np.uint8)
    classes[50:120, 200:300], classes[400:410, 400:410] = 1, 2
    return mask_from_array(classes)


def counted(qtbot: QtBot, counting: Counting) -> dict[int, Amount]:
    with qtbot.waitSignal(counting.counted) as told:
        pass
    return told.args[0]  # type: ignore[no-any-return]


def test_only_what_was_painted_on_is_counted_again_and_as_a_copy(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, mask: ClassMask
) -> None:
    seen, real = [], tally.chunk_pieces
    monkeypatch.setattr(tally, "chunk_pieces", lambda chunk: (seen.append(chunk), real(chunk))[1])
    counting = Counting()
    counting.set_mask(mask)
    assert counted(qtbot, counting) == {1: Amount(1, 7000), 2: Amount(1, 100)}
    assert not any(np.shares_memory(a, b) for a in seen for b in mask.chunks.values())
    seen.clear()
    live = LiveStroke(mask, 2)
    counting.touched(live.add(swept((430.0, 405.0), (430.0, 405.0), 3.0, ROUND, mask.box)))
    assert counted(qtbot, counting) == {1: Amount(1, 7000), 2: Amount(2, 100 + 29)}
    assert len(seen) == 1
    counting.close()


def test_counting_stands_still_while_a_hand_paints(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, mask: ClassMask
) -> None:
    """A stroke stops it, also one that is dropped, and it begins again by itself."""
    counting, seen, real = Counting(), [], tally.chunk_pieces

    def interrupted(chunk: np.ndarray) -> object:
        seen.append(chunk)
        if len(seen) == 1:  # a stroke begins while the first chunk is looked at
            counting._counter.want(None)
        return real(chunk)

    monkeypatch.setattr(tally, "chunk_pieces", interrupted)
    counting.set_mask(mask)
    qtbot.waitUntil(lambda: counting._counter._thread is None)
    assert len(seen) == 1
    live = LiveStroke(mask, 1)
    counting.touched(live.add(swept((10.0, 10.0), (20.0, 10.0), 3.0, ROUND, mask.box)))
    counting.touched(live.abandon())
    assert counted(qtbot, counting) == {1: Amount(1, 7000), 2: Amount(1, 100)}
    counting.close()


def test_another_mask_is_counted_from_the_beginning(qtbot: QtBot, mask: ClassMask) -> None:
    counting = Counting()
    counting.set_mask(mask)
    assert set(counted(qtbot, counting)) == {1, 2}
    counting.set_mask(mask_from_array(np.full((300, 300), 3, np.uint8)))
    assert counted(qtbot, counting) == {3: Amount(1, 90_000)}
    with qtbot.waitSignal(counting.counted) as told:
        counting.set_mask(None)
    assert told.args[0] == {}
    counting.close()
