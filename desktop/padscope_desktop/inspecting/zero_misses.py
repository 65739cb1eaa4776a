"""A threshold that misses no labelled defect: found on request, with its cost in false alarms, and taken only then."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Slot

from padscope_desktop.background.payloads import DefectsWeighed, ModelCard
from padscope_desktop.background.protocol import Fault
from padscope_desktop.inspecting.judging import LEAST_FACTOR, MOST_FACTOR
from padscope_desktop.messages import about_fault
from padscope_desktop.panels.threshold import ThresholdPanel, floor_value, to_factor
from padscope_desktop.quantities import count, number, percent
from padscope_desktop.session import Session

MARGIN = 0.95
"""Of the weakest defect's level: the next one like it may be a little weaker. As on the command line."""


class ZeroMisses(QObject):
    """Links the threshold's panel with the project's labels."""

    def __init__(self, session: Session, panel: ThresholdPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._panel = panel
        panel.defects_wanted.connect(self._on_wanted)

    @Slot()
    def _on_wanted(self) -> None:
        session, model = self._session, self._session.model
        if model is None:
            return
        if session.project is None:
            self._panel.offer.show_offer(NOTHING_LABELLED, "", None)
            return
        session.jobs.start(
            "weigh_defects",
            session.project,
            model.sha256,
            title="Reading labelled defects",
            slot="weigh defects",
            done=partial(self._on_weighed, model),
            failed=self._on_failed,
        )

    def _on_weighed(self, model: ModelCard, found: DefectsWeighed) -> None:
        if model is not self._session.model:
            return
        factor = factor_without_misses(found)
        words = offer_words(found, model, self._session.judging.factor)
        self._panel.offer.show_offer(words, f"Use × {number(factor or 1.0, 2)}", factor)

    def _on_failed(self, fault: Fault) -> None:
        self._session.said.emit(about_fault("threshold", "The labelled defects could not be read.", fault))


NOTHING_LABELLED = (
    "No labelled defect yet. Paint defects on boards that this model has inspected (Label, F3), then ask again."
)


def factor_without_misses(found: DefectsWeighed) -> float | None:
    """In shipped thresholds, a place of the slider; None where no threshold within its reach finds them all."""
    wanted = MARGIN * found.weakest
    if not found.pads or wanted < LEAST_FACTOR:
        return None
    return to_factor(floor_value(min(wanted, MOST_FACTOR)))


def offer_words(found: DefectsWeighed, model: ModelCard, now: float) -> str:
    """What it finds, then what it costs beside the present threshold."""
    if not found.pads:
        return NOTHING_LABELLED
    factor = factor_without_misses(found)
    pads, boards = count(found.pads, "labelled pad"), count(found.boards, "board")
    if factor is None:
        return (
            f"The weakest of {pads} ({found.where}) is at {number(found.weakest, 2)}, too close to sound metal for any "
            "threshold. Check its label, or train with more pictures."
        )
    words = f"× {number(factor, 2)} finds all {pads} on {boards}, with 5 % to spare below the weakest ({found.where})."
    if not len(model.sound_levels):
        return words
    then, before = (_flagged(model, f) for f in (factor, now))
    return f"{words} It flags {percent(then)} of sound {model.unit}; now it is {percent(before)}."


def _flagged(model: ModelCard, factor: float) -> float:
    return float(np.count_nonzero(model.sound_levels >= np.float32(factor))) / len(model.sound_levels)
