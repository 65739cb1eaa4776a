"""Classes: named, coloured, counted, as a technician does it in the window."""

from __future__ import annotations

from painter import Painter
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest


def test_a_new_project_has_the_collaborations_classes_with_a_key_each(hand: Painter) -> None:
    names = [c.name for c in hand.labelling.offered]
    assert names[:2] == ["scratch", "contamination"]
    hand.key("2")
    hand.click(300, 300)
    assert hand.value(300, 300) == 2
    hand.bench.until(lambda: hand.mode.panel.classes.model.amounts.get(2))
    amount = hand.mode.panel.classes.model.amounts[2]
    assert (amount.places, amount.area_px) == (1, hand.area(2))


def test_the_class_under_the_cursor_is_told_in_words(hand: Painter) -> None:
    hand.key("2")
    hand.click(300, 300)
    told = hand.bench.window.status.painted
    hand.hover(300, 300)
    assert told.text() == "contamination"
    hand.hover(100, 100)
    assert told.text() == ""


def test_classes_are_renamed_recoloured_moved_added_and_merged(hand: Painter) -> None:
    panel, labelling = hand.mode.panel.classes, hand.labelling
    hand.key("2")
    hand.click(300, 300)
    painted = hand.area(2)
    panel.model.setData(panel.model.index(1), "  grease ")
    hand.bench.until(lambda: labelling.names[2] == "grease")
    panel.recoloured.emit(2, "#112233")
    hand.bench.until(lambda: hand.mode.layer._colours[2] == "#112233")
    panel.up.click()
    hand.bench.until(lambda: labelling.offered[0].name == "grease")
    many = len(labelling.offered)
    panel.add.click()
    hand.bench.until(lambda: len(labelling.offered) == many + 1)
    panel.merge_wanted.emit(2, 5)
    hand.bench.until(lambda: all(c.value != 2 for c in labelling.offered))
    hand.bench.until(lambda: hand.labelling.mask is not None and hand.area(5) == painted)
    assert hand.area(2) == 0
    labelling.undo()  # it is a stroke like others
    assert hand.area(2) == painted


def test_a_name_that_is_taken_is_refused_in_a_sentence(hand: Painter) -> None:
    hand.labelling.add_class("Scratch", "#ffffff")
    hand.bench.until(lambda: hand.bench.window.message_bar.message)
    assert "already a class" in hand.bench.window.message_bar.message.text


def test_any_colour_is_chosen_in_place_with_a_word_where_it_is_like_another(hand: Painter) -> None:
    panel = hand.mode.panel.classes
    hand.key("2")
    panel._fill_colours()
    next(a for a in panel.colour.menu().actions() if a.text().startswith("Any colour")).trigger()
    picker = panel.picker
    assert picker.isVisible()
    picker.field.setCurrentColor(QColor("#e59e02"))
    assert "Nearly the colour of “scratch”" in picker.said.text()
    picker.field.setCurrentColor(QColor("#2f4fe0"))
    QTest.mouseClick(picker.use, Qt.MouseButton.LeftButton)
    assert not picker.isVisible()
    hand.bench.until(lambda: hand.mode.layer._colours[2] == "#2f4fe0")
