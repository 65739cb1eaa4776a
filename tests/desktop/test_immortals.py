"""PySide6 6.12.0 under Python 3.11 gives None away; a session must survive any number of calls."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtGui import QPen
from pytestqt.qtbot import QtBot

from padscope_desktop import immortals

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 12), reason="the interpreter keeps its constants itself")


def test_constants_have_references_to_spare() -> None:
    assert min(sys.getrefcount(c) for c in (None, True, False)) > immortals.ENOUGH // 2


def test_doing_it_again_does_not_overflow_the_count() -> None:
    for _ in range(100):
        immortals.make_constants_immortal()
    assert 0 < sys.getrefcount(None) < 2 * immortals.ENOUGH


def test_many_calls_into_qt_do_no_harm(qtbot: QtBot) -> None:
    """Without the cure this aborts the interpreter (seen with 6.12.0 after some 4 000 calls)."""
    pen = QPen()
    for _ in range(50_000):
        pen.setCosmetic(True)
        pen.isCosmetic()
    assert pen.isCosmetic()
