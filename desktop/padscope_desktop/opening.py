"""What a person may have to decide when a picture is opened: whether so large a one is meant, which of its pages, and whether its
scale is right, where two sources of it disagree or a scale bar is burned in."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from padscope.pictures.limits import LIMIT_VARIABLE, MAX_PIXELS, allow_megapixels
from padscope.pictures.scales import likely_length_um, round_length_um, two_point_scale
from padscope.types import Scale
from padscope_desktop.album import Entry
from padscope_desktop.background.payloads import BarCard
from padscope_desktop.background.protocol import Fault
from padscope_desktop.display import Shown
from padscope_desktop.messages import Choice, Message, about_fault
from padscope_desktop.quantities import count, number, with_unit

if TYPE_CHECKING:
    from padscope_desktop.session import Session

MOST_PAGES = 99
"""That are added in one go."""


class Opening(QObject):
    """Runs for a session. Signals: limit_raised(megapixels) · bar_wanted(BarCard): the ruler is to be laid on it ·
    bar_changed(): `bar` is that of the picture shown, or None."""

    limit_raised = Signal(float)
    bar_wanted = Signal(object)
    bar_changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._bars: dict[Path, BarCard | None] = {}  # of the pictures looked at
        self._told: set[Path] = set()  # files whose pages were offered
        self._judged = False  # the scale of the picture shown
        session.display.arrived.connect(self._on_arrived)
        session.display.failed.connect(self._on_not_shown)
        session.current_changed.connect(self._on_current)
        session.entry_changed.connect(self._on_entry)

    @property
    def _entry(self) -> Entry | None:
        key = self._session.current
        return self._session.album.entries.get(key) if key is not None else None

    @property
    def bar(self) -> BarCard | None:
        """Burned into the picture that is shown."""
        entry = self._entry
        return self._bars.get(entry.path) if entry is not None else None

    def forget_bar(self, path: Path) -> None:
        self._bars.pop(path, None)
        self._told.discard(path)

    # Too large

    def set_limit(self, megapixels: float) -> None:
        """As remembered; the environment's own limit stays where nobody has set another here."""
        if megapixels != MAX_PIXELS / 1e6 or LIMIT_VARIABLE not in os.environ:
            allow_megapixels(megapixels)

    @Slot(int, object)
    def _on_not_shown(self, key: int, fault: Fault) -> None:
        entry = self._session.album.entries.get(key)
        if entry is None:
            return
        choices = []
        if fault.megapixels:
            words = f"Allow {with_unit(fault.megapixels, 'megapixels')}"
            choices.append(Choice(words, partial(self._raise_limit, key, fault.megapixels)))
        self._session.said.emit(about_fault("picture", f"{entry.name} cannot be shown.", fault, *choices))

    def _raise_limit(self, key: int, megapixels: int) -> None:
        allow_megapixels(megapixels)  # for workers that are started later
        self.limit_raised.emit(float(megapixels))
        entry = self._session.album.entries.get(key)
        if entry is not None:
            entry.missing = ""
            self._session.thumbnails.fetch(entry)
            self._session.show(key)
        # last, so that workers hear of it first
        for lane in ("quick", "long", "list"):
            self._session.jobs.start(
                "allow_megapixels",
                megapixels,
                title="Raising the limit",
                lane=lane,
                urgent=True,
                shown=False,
                retries=1,
            )

    # Pages

    @Slot(object)
    def _on_arrived(self, shown: Shown) -> None:
        entry = self._entry
        if entry is None or not shown.complete:
            return
        self._offer_pages(entry, shown.card.pages)
        if entry.path in self._bars:
            self._judge(entry)
        else:
            self._session.jobs.start(
                "scale_bar",
                entry.path,
                self._session.cache,
                title=f"Looking for a scale bar in {entry.name}",
                lane="list",
                slot="scale_bar",
                urgent=True,
                shown=False,
                retries=1,
                done=self._bar_found(entry),
            )

    def _offer_pages(self, entry: Entry, pages: int) -> None:
        others = [entry.path.with_name(f"{entry.name}#{n}") for n in range(2, min(pages, MOST_PAGES) + 1)]
        if "#" in entry.name or entry.path in self._told or not others:
            return
        self._told.add(entry.path)
        if any(self._session.album.at(path) is None for path in others):
            words = "Add the other one" if len(others) == 1 else f"Add the other {number(len(others))}"
            choice = Choice(words, partial(self._add, others))
            text = "Its first is shown; the others are pictures of their own here, named by “#” and their number."
            self._session.said.emit(
                Message("pages", f"{entry.name} holds {count(pages, 'picture')}.", text, choices=(choice,))
            )

    def _add(self, paths: list[Path]) -> None:
        self._session.add_pictures(paths)

    # Scale

    def _bar_found(self, entry: Entry) -> Callable[[BarCard | None], None]:
        def arrived(bar: BarCard | None) -> None:
            self._bars[entry.path] = bar
            if self._entry is entry:
                self._judge(entry)

        return arrived

    @Slot()
    def _on_current(self) -> None:
        self._judged = False
        for topic in ("scale", "pages"):
            self._session.settled.emit(topic)
        self.bar_changed.emit()

    @Slot(int)
    def _on_entry(self, key: int) -> None:
        entry = self._entry
        if key != self._session.current or entry is None:
            return
        if entry.own_scale is not None:
            self._session.settled.emit("scale")
        elif entry.path in self._bars and not self._judged:
            self._judge(entry)

    def _judge(self, entry: Entry) -> None:
        """What is to be said of the scale, as soon as the file's own is known. Where a person has given it, nothing but the sign in
        the line below."""
        self.bar_changed.emit()
        if entry.card is None:
            return
        self._judged = True
        message = scale_message(entry, self.bar, self._lay, partial(self._take, entry))
        if message is not None:
            self._session.said.emit(message)
        elif self.bar is not None:
            self._session.mentioned.emit(bar_words(self.bar, entry.scale))

    def _lay(self) -> None:
        if self.bar is not None:
            self.bar_wanted.emit(self.bar)

    def _take(self, entry: Entry, length_um: float) -> None:
        if self.bar is not None:
            found = two_point_scale(length_um, self.bar.length_px)
            self._session.set_scale(entry.key, Scale(found.um_per_px, found.source))
            self._session.mentioned.emit(against_file(length_um, self.bar.length_px, entry))


def scale_message(
    entry: Entry, bar: BarCard | None, lay: Callable[[], None], take: Callable[[float], None]
) -> Message | None:
    """None where nothing is in doubt, or a person has decided. `lay` puts the ruler on the bar; `take` believes a length of it."""
    scale = entry.scale.um_per_px if entry.scale is not None else None
    if entry.own_scale is not None:
        return None
    measure = (Choice("Lay the ruler on it", lay),) if bar is not None else ()
    if bar is not None and scale is None:
        text = "Lay the ruler on it, and type the length that is written beside it."
        return Message("scale", f"{entry.name} has no scale, but a scale bar of {_px(bar)}.", text, choices=measure)
    if bar is not None and scale is not None and round_length_um(bar.length_px, scale) is None:
        likely = likely_length_um(bar.length_px, scale)
        text = (
            f"It is {_px(bar)} long, which {with_unit(scale, 'µm/px', 4)} makes {with_unit(bar.length_px * scale, 'µm', 1)}, no "
            "round length. What is written beside it?"
        )
        believe = Choice(f"It says {with_unit(likely, 'µm', 0)}", partial(take, likely))
        headline = f"The scale bar in {entry.name} contradicts its scale."
        return Message("scale", headline, f"{text} {entry.scale_conflict}".strip(), choices=(believe, *measure))
    if entry.scale_conflict:
        headline = f"It is not sure how large a pixel of {entry.name} is."
        return Message("scale", headline, f"{entry.scale_conflict} The ruler (R) can settle it.", choices=measure)
    return None


def bar_words(bar: BarCard, scale: Scale | None) -> str:
    """For the line below: what the bar confirms."""
    if scale is None or scale.um_per_px is None:
        return f"A scale bar of {_px(bar)}"
    length = round_length_um(bar.length_px, scale.um_per_px)
    fits = f"The scale bar ({_px(bar)}) is {with_unit(length, 'µm', 0)}: the scale fits" if length is not None else ""
    return fits or f"The scale bar ({_px(bar)}) does not fit the scale"


def against_file(length_um: float, length_px: float, entry: Entry) -> str:
    """“The bar is 512 px = 500 µm → 0.977 µm/px; the file says 0.981”."""
    words = (
        f"{number(length_px, 1)} px = {with_unit(length_um, 'µm', 1)} → {with_unit(length_um / length_px, 'µm/px', 4)}"
    )
    told = entry.card.scale.um_per_px if entry.card is not None else None
    return f"{words}; the file says {'nothing' if told is None else with_unit(told, 'µm/px', 4)}"


def _px(bar: BarCard) -> str:
    return with_unit(bar.length_px, "px", 1)
