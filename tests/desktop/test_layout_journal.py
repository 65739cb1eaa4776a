"""A layout in the making outlives the window: each step is beside the project before the next, undoing included."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_backend import layout
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt

from conftest import Bench
from padscope.boards.layout import Layout, Pad
from padscope.boards.layout_edit import with_pad, without
from padscope_desktop.layouts.draft import Draft
from padscope_desktop.layouts.journal import append, kept, lines_of, place, rewrite


def project(folder: Path) -> Any:
    return SimpleNamespace(path=folder / "a.padscope")


def drawn(k: int) -> Pad:
    return Pad(
        f"P{k}",
        100.0 * k,
        0.1 + k,
        127.0,
        1000.0,
        polygon_um=((0.0, 0.0), (1.0, 0.0), (0.0, 1 / 3)) if k % 3 == 0 else None,
    )


def test_killed_in_the_middle_everything_is_there_and_can_be_undone(bench: Bench) -> None:
    bench.add("board.jpg")
    draft = bench.window.layout_mode.draft
    for k in range(3):
        assert draft.do("draw", lambda now, k=k: with_pad(now, drawn(k)))
    draft.undo()
    bench.until(lambda: not bench.session.keeper.busy)
    path = bench.session.project
    assert path is not None
    before = draft.edits
    bench.answers.next = [bench.folder / "other.padscope"]
    bench.window.actions_by_id["new_project"].trigger()
    bench.until(lambda: bench.session.project != path and not bench.session.keeper.busy)
    assert draft.layout.pads == ()  # another project, another draft
    bench.session.open_project(path)
    bench.until(lambda: draft.layout.pads)
    offer = bench.window.message_bar.message
    assert (offer.headline, offer.text) == (
        "The layout “new layout” is as you left it.",
        "2 pads, not in use yet. 2 steps can be undone.",
    )
    offer.choices[0].act()
    assert bench.window.mode is bench.window.layout_mode
    assert bench.window.message_bar.message is None
    assert draft.edits.now == before.now
    assert draft.touched
    draft.redo()
    assert len(draft.layout.pads) == 3
    for _ in range(3):
        draft.undo()
    assert draft.layout.pads == ()


def test_a_draft_goes_along_when_the_project_gets_a_name(bench: Bench) -> None:
    bench.add("board.jpg")
    draft, before = bench.window.layout_mode.draft, bench.session.project
    draft.do("draw", lambda now: with_pad(now, drawn(1)))
    bench.session.save_as(bench.folder / "named.padscope")
    bench.until(lambda: bench.session.named and not bench.session.keeper.busy)
    found = kept(SimpleNamespace(path=bench.folder / "named.padscope"))  # type: ignore[arg-type]
    assert found is not None
    assert found.edits.now == draft.layout
    bench.until(lambda: before is not None and not place(SimpleNamespace(path=before)).exists())  # type: ignore[arg-type]


def test_what_is_in_use_is_not_told_again(bench: Bench) -> None:
    bench.add("board.jpg")
    mode = bench.window.layout_mode
    mode.draft.open(layout())
    mode.draft.do("delete", lambda now: without(now, ["A1"]))
    mode.use()
    bench.until(lambda: not bench.session.keeper.busy)
    path = bench.session.project
    assert path is not None
    found = kept(SimpleNamespace(path=path))  # type: ignore[arg-type]
    assert found is not None
    assert found.edits.now == found.clean == mode.draft.layout


def reopened(bench: Bench) -> None:
    """Another project, and back: what the window would know after a new start."""
    path = bench.session.project
    assert path is not None
    bench.until(lambda: not bench.session.keeper.busy)
    bench.session.open_project(bench.folder / "other.padscope", create=True)
    bench.until(lambda: bench.session.project != path and not bench.session.keeper.busy)
    bench.session.open_project(path)
    bench.until(lambda: bench.session.project == path and not bench.session.keeper.busy)


def test_a_layout_that_was_only_looked_at_and_saved_is_nothing_to_go_on_with(bench: Bench, tmp_path: Path) -> None:
    bench.add("board.jpg")
    bench.session.choose_layout(bench.folder / "layout.csv")
    bench.until(lambda: bench.session.layout)
    bench.press(Qt.Key.Key_F4)
    bench.answers.next.append(tmp_path / "copy.json")
    bench.qtbot.mouseClick(bench.window.layout_mode.panel.save, Qt.MouseButton.LeftButton)
    bench.until((tmp_path / "copy.json").exists)
    bench.until(lambda: bench.window.status.mention.text() == "Saved as copy.json")
    bench.press(Qt.Key.Key_F2)
    reopened(bench)
    assert "as you left it" not in bench.window.status.mention.text()
    bench.until(lambda: bench.session.layout)
    bench.press(Qt.Key.Key_F4)
    assert len(bench.window.layout_mode.draft.layout.pads) == 8


def test_undone_back_to_its_beginning_a_layout_keeps_its_steps(bench: Bench) -> None:
    bench.add("board.jpg")
    draft = bench.window.layout_mode.draft
    draft.open(layout())
    draft.do("delete", lambda now: without(now, ["A1"]))
    draft.do("delete", lambda now: without(now, ["A2"]))
    draft.undo()
    draft.undo()
    draft.redo()
    before = draft.edits
    reopened(bench)
    assert (draft.edits.now, draft.edits.past, draft.edits.future) == (before.now, before.past, before.future)
    draft.undo()
    assert draft.layout == layout()


@given(st.lists(st.sampled_from(["draw", "undo", "redo", "delete"]), max_size=30), st.integers(0, 40))
def test_any_history_comes_back(tmp_path_factory: pytest.TempPathFactory, steps: list[str], cut: int) -> None:
    here = project(tmp_path_factory.mktemp("journal"))
    draft = Draft()
    rewrite(here, [{"clean": draft.layout}])
    states: list[Layout] = [draft.layout]
    draft.stepped.connect(lambda line: append(here, [line]))
    draft.changed.connect(lambda: states.append(draft.layout))
    for k, step in enumerate(steps):
        if step == "draw":
            draft.do("draw", lambda now, k=k: with_pad(now, drawn(k)))
        elif step == "delete" and draft.layout.pads:
            draft.do("delete", lambda now: without(now, [now.pads[0].id]))
        else:
            draft.undo() if step == "undo" else draft.redo()
    found = kept(here)
    assert found is not None
    assert (found.edits.now, found.edits.past, found.edits.future) == (
        draft.edits.now,
        draft.edits.past,
        draft.edits.future,
    )
    rewrite(here, lines_of(draft.edits, draft.clean))
    again = kept(here)
    assert again is not None
    assert (again.edits.now, again.edits.past, again.clean) == (draft.edits.now, draft.edits.past, draft.clean)
    file = place(here)
    file.write_bytes(file.read_bytes()[: -cut or None])  # torn off in the middle of a line
    torn = kept(here)
    assert torn is None or torn.edits.now in states


def test_what_is_no_journal_is_nothing(tmp_path: Path) -> None:
    here = project(tmp_path)
    assert kept(here) is None
    place(here).write_bytes(b'\xff\x00{}\n[1]\n{"layout": "no"}\n{"undo": 1}\n')
    found = kept(here)
    assert found is not None
    assert found.edits.now.pads == found.clean.pads == ()
