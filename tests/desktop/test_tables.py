"""What is made from tables: settings, forms, actions, invitations to click marks."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fake_backend import layout
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox
from pytestqt.qtbot import QtBot

from conftest import Bench
from padscope.boards.pad_map import Verdict
from padscope.configs import PatchcoreConfig, configured, setting, settings_of
from padscope_desktop import settings
from padscope_desktop.actions import ACTIONS, MENUS, key_sheet, keys_of
from padscope_desktop.album import FILTERS, Album, Entry, Mark, state
from padscope_desktop.inspecting.board import worst_first
from padscope_desktop.panels.form import Form
from padscope_desktop.panels.marks import targets
from padscope_desktop.panels.threshold import histogram, to_factor, to_value
from padscope_desktop.settings import Memory, Settings
from padscope_desktop.theme import THEMES, VERDICTS, Theme


def test_what_was_set_is_there_the_next_day(tmp_path: Path) -> None:
    memory = Memory(keys={"fit": "0"}).with_setting(theme="light", heat_opacity=0.25).with_recent("/a.padscope")
    path = tmp_path / "deep" / "settings.json"
    assert settings.save(memory, path)
    assert settings.load(path) == memory


def test_a_damaged_file_is_set_aside_and_defaults_are_used(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text("{not json")
    assert settings.load(path) == Memory()
    assert (tmp_path / "settings.json.bad").read_text() == "{not json"


def test_a_single_unusable_setting_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    values = {"settings": {"theme": "pink", "heat_opacity": 0.3, "from_the_future": 1}, "recent": ["/a", "/b"]}
    path.write_text(json.dumps(values))
    loaded = settings.load(path)
    assert loaded.settings == replace(Settings(), heat_opacity=0.3)
    assert loaded.recent == ("/a", "/b")


def test_where_nothing_can_be_written_the_window_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not settings.save(Memory(), tmp_path / "file" / "settings.json")


def test_recent_projects_are_few_and_the_newest_comes_first() -> None:
    memory = Memory()
    for i in range(12):
        memory = memory.with_recent(f"/{i % 10}.padscope")
    assert memory.recent[:2] == ("/1.padscope", "/0.padscope")
    assert len(memory.recent) == settings.MOST_RECENT
    assert len(set(memory.recent)) == len(memory.recent)


@dataclass(frozen=True)
class Example:
    count: int = setting(9, "Count", low=1, high=50)
    share: float = setting(0.5, "Share", unit="µm", low=0, high=4)
    fast: bool = setting(True, "Fast")
    mode: str = setting("mean", "Mode", choices=("mean", "max"))
    limit: int | None = setting(None, "Limit", low=2, high=9)


def test_a_form_shows_a_table_and_gives_back_what_was_changed(qtbot: QtBot) -> None:
    form = Form(settings_of(Example))
    qtbot.addWidget(form)
    assert form.values() == {}
    kinds = [type(form.field(n)).__mro__[1] for n in ("count", "share", "fast", "mode", "limit")]
    assert [
        issubclass(k, w) or k is w
        for k, w in zip(kinds, (QSpinBox, QDoubleSpinBox, QCheckBox, QComboBox, QSpinBox), strict=True)
    ]
    count, share, fast, mode, limit = (form.field(n) for n in ("count", "share", "fast", "mode", "limit"))
    assert isinstance(share, QDoubleSpinBox)
    assert share.text() == "0.5 µm"
    assert isinstance(count, QSpinBox)
    count.setValue(900)
    assert count.value() == 50  # the range is the setting's own
    assert isinstance(fast, QCheckBox)
    fast.setChecked(False)
    assert isinstance(mode, QComboBox)
    mode.setCurrentText("max")
    assert isinstance(limit, QSpinBox)
    assert limit.text() == "automatic"
    limit.setValue(4)
    assert configured(Example, form.values()) == Example(50, 0.5, False, "max", 4)


def test_no_key_means_two_things_in_one_mode(bench: Bench) -> None:
    rows = bench.window.rows
    assert len({a.id for a in rows}) == len(rows)
    assert {a.menu for a in rows} <= set(MENUS)
    assert {a.mode for a in rows} <= {"", *(m.id for m in bench.window.modes)}
    for mode in bench.window.modes:
        keys = [key for action in rows if action.mode in ("", mode.id) for key in action.keys]
        assert len(keys) == len(set(keys)), mode.id


def test_the_keys_of_another_mode_are_dead(bench: Bench) -> None:
    rows = bench.window.rows
    for mode in bench.window.modes:
        bench.window.actions_by_id[f"mode_{mode.id}"].trigger()
        live = {row.id for row in rows if bench.window.actions_by_id[row.id].isEnabled()}
        assert not {row.id for row in rows if row.mode not in ("", mode.id)} & live
        assert bench.window.frame.side.currentWidget() is mode.panel
        checked = [m.id for m in bench.window.modes if bench.window.actions_by_id[f"mode_{m.id}"].isChecked()]
        assert checked == [mode.id]


def test_a_key_of_ones_own_takes_the_place_of_ours() -> None:
    fit = next(a for a in ACTIONS if a.id == "fit")
    assert keys_of(fit, {"fit": "Ctrl+9"}) == ("Ctrl+9",)
    rows = dict(row for _, rows in key_sheet(ACTIONS, {"fit": "Ctrl+9"}, "inspect") for row in rows)
    assert rows["Ctrl+9"] == "Fit the whole picture"


def test_marks_far_apart_come_first() -> None:
    assert {t.name for t in targets(layout())[:2]} == {"F2", "F3"}


def test_without_fiducials_corners_of_pads_do() -> None:
    bare = replace(layout(), fiducials=())
    names = [t.name for t in targets(bare)]
    assert len(names) == 4
    assert {n.split("/")[0] for n in names} == {"A1", "A4", "B1", "B4"}
    assert "corner of pad" in targets(bare)[0].what


@pytest.mark.parametrize("factor", [0.25, 0.5, 1.0, 1.3, 4.0])
def test_the_threshold_scale_is_even_in_octaves(factor: float) -> None:
    assert to_factor(to_value(factor)) == pytest.approx(factor, rel=0.01)


def test_nothing_falls_out_of_the_histogram() -> None:
    import numpy as np

    levels = np.array([0.0, 0.01, 0.25, 1.0, 3.99, 4.0, 1e9])
    counts = histogram(levels)
    assert counts.sum() == len(levels)
    assert counts[0] == 3
    assert counts[-1] == 3


def contrast(a: str, b: str) -> float:
    """WCAG 2.2, relative luminance."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_everything_written_can_be_read(theme: Theme) -> None:
    grounds = (theme.panel, theme.base, theme.raised, theme.selected, theme.hover)
    assert min(contrast(theme.text, g) for g in grounds) >= 7
    assert min(contrast(theme.dim, g) for g in (theme.panel, theme.base, theme.selected)) >= 4
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    assert contrast(theme.accent, theme.panel) >= 4.5
    assert contrast(theme.warning_text, theme.warning) >= 7
    for style in VERDICTS.values():
        assert contrast("#101010", style.colour) >= 4.5
    for grey in (
        theme.canvas,
        theme.panel,
        theme.base,
        theme.raised,
        theme.hover,
        theme.line,
        theme.selected,
        theme.text,
    ):
        assert len({grey[1:3], grey[3:5], grey[5:7]}) == 1  # a tint would spoil the judgement of a picture


def test_keys_of_pictures_never_change_their_meaning(tmp_path: Path) -> None:
    album = Album()
    first = album.add(tmp_path / "a.jpg")
    second = album.emptied().add(tmp_path / "a.jpg")
    assert first is not None
    assert second is not None
    assert first.key != second.key


def listed(entry: Entry) -> set[str]:
    return {name for name, wanted in FILTERS.items() if wanted(entry)} - {"All pictures"}


def test_every_state_of_a_picture_has_words_and_filters(tmp_path: Path) -> None:
    entry = Album().add(tmp_path / "a.jpg")
    assert entry is not None
    nothing = {"Without a label"}
    assert state(entry)[0] is Mark.LOADING
    assert listed(entry) == nothing | {"Not inspected"}
    entry.counts = {Verdict.OK: 5, Verdict.NOT_BONDABLE: 1}
    assert state(entry) == (Mark.LOOK, "check 1 pad")
    assert listed(entry) == nothing | {"To look at", "To be signed"}
    entry.counts = {Verdict.OK: 6}
    assert state(entry) == (Mark.FINE, "all pads fine")
    assert listed(entry) == nothing | {"Fine", "To be signed"}
    entry.signed_by = "AB"
    assert state(entry) == (Mark.SIGNED, "signed by AB")
    assert listed(entry) == nothing | {"Signed"}
    entry.waiting = True
    assert state(entry)[0] is Mark.QUEUED
    assert listed(entry) == nothing | {"Not inspected", "Waiting or running"}
    entry.waiting, entry.failed = False, "no board"
    assert listed(entry) == nothing | {"To look at", "Failed"}
    seen = set()
    for entry.label in ("draft", "done", "accepted", "rejected"):
        seen |= {name for name in listed(entry) if name.startswith("Label")}
        assert "Without a label" not in listed(entry)
    assert seen == {"Label: draft", "Label: reviewed", "Label: rejected"}


def test_what_cannot_be_judged_is_looked_at_before_what_can_be_bonded() -> None:
    from fake_backend import verdicts

    pads = [replace(p, verdict=Verdict.UNKNOWN, level=None) if p.pad == "B4" else p for p in verdicts(1.0)]
    assert [p.pad for p in worst_first(pads)][:4] == ["A4", "B4", "B3", "A2"]


def test_what_settings_inherit_comes_last() -> None:
    """The network behind a detector is for experts; the detector's own settings come first."""
    names = [s.name for s in settings_of(PatchcoreConfig)]
    assert names[0] == "bank_size"
    assert names[-5:] == ["backbone", "weights", "levels", "input_scale", "precision"]
