"""The pictures of a project as the window knows them. No Qt: what a picture's line in the list says is a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from padscope.boards.pad_map import Verdict
from padscope.boards.serial import serial_in
from padscope.pictures.scales import ScaleFound, disagreement
from padscope.types import Scale
from padscope_desktop.background.payloads import PictureCard, Thumbnail
from padscope_desktop.quantities import count, percent

FINE = (Verdict.OK, Verdict.OK_SHIFT)


class Mark(StrEnum):
    """The sign before a picture's line."""

    LOADING = "loading"
    NEW = "new"
    QUEUED = "queued"
    RUNNING = "running"
    FINE = "fine"
    SIGNED = "signed"
    LOOK = "look"
    FAILED = "failed"
    MISSING = "missing"


@dataclass
class Entry:
    """One picture. `counts` of its newest inspection, None where there was none."""

    key: int
    path: Path
    card: PictureCard | None = None
    thumbnail: Thumbnail | None = None
    sha256: str = ""
    missing: str = ""  # why it cannot be read
    failed: str = ""  # why its last inspection came to nothing
    counts: Mapping[Verdict, int] | None = None
    own_scale: Scale | None = None  # what a person said, typed or by two points
    inspection: int = 0  # its row in the project
    storing: int = 0  # boards of it on their way to the project
    waiting: bool = False
    fraction: float | None = None  # of the inspection that runs
    module: str = ""  # serial number of the board on it
    signed_by: str = ""  # who signed the pad map of its newest inspection
    together: tuple[str, ...] = ()  # SHA-256 of all pictures of its board, where they were inspected as one
    label: str = ""  # state of the label that counts: draft, done, accepted, rejected; empty where nothing was painted

    def forget(self) -> None:
        """All that is known of the picture itself; its file and its serial number stay."""
        self.card, self.thumbnail, self.sha256 = None, None, ""
        self.counts, self.inspection, self.signed_by, self.together = None, 0, "", ()
        self.own_scale, self.missing, self.failed, self.label = None, "", "", ""

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def scale(self) -> Scale | None:
        """A person's before the file's."""
        return self.own_scale or (self.card.scale if self.card is not None else None)

    @property
    def scale_conflict(self) -> str:
        """One sentence where what a person said and what the file says, or two numbers in the file, contradict each other."""
        told = self.card.scale_conflict if self.card is not None else ""
        if self.own_scale is None or self.card is None:
            return told
        both = (self.own_scale, self.card.scale)
        found = tuple(ScaleFound(s.um_per_px, s.source, s.verified) for s in both if s.um_per_px is not None)
        return disagreement(found) or told

    @property
    def to_look_at(self) -> int:
        return sum(n for v, n in (self.counts or {}).items() if v not in FINE)


def state(entry: Entry) -> tuple[Mark, str]:
    """What its line says."""
    if entry.fraction is not None:
        return Mark.RUNNING, f"inspecting {percent(entry.fraction)}"
    if entry.waiting:
        return Mark.QUEUED, "waiting"
    if entry.missing:
        return Mark.MISSING, "cannot be read"
    if entry.failed:
        return Mark.FAILED, "inspection failed"
    if entry.counts is not None:
        n = entry.to_look_at
        if entry.signed_by:
            return Mark.SIGNED, f"signed by {entry.signed_by}"
        return (Mark.LOOK, f"check {count(n, 'pad')}") if n else (Mark.FINE, "all pads fine")
    if entry.card is None:
        return Mark.LOADING, "opening"
    return Mark.NEW, "not inspected"


def part_words(entry: Entry) -> str:
    """Which of the board's pictures it is: "1/2"; nothing where it is the only one."""
    if entry.sha256 not in entry.together:
        return ""
    return f"{entry.together.index(entry.sha256) + 1}/{len(entry.together)}"


LABELS = {"draft": "draft", "done": "draft", "accepted": "reviewed", "rejected": "rejected"}
"""What a person calls the state of a label; a label that is done waits for its review."""


def label_words(entry: Entry) -> str:
    """Nothing where nothing was painted."""
    return LABELS.get(entry.label, "")


def _marked(*marks: Mark) -> Callable[[Entry], bool]:
    return lambda entry: state(entry)[0] in marks


def _labelled(words: str) -> Callable[[Entry], bool]:
    return lambda entry: label_words(entry) == words


FILTERS: dict[str, Callable[[Entry], bool]] = {
    "All pictures": lambda entry: True,
    "To look at": _marked(Mark.LOOK, Mark.FAILED, Mark.MISSING),
    "Fine": _marked(Mark.FINE),
    "To be signed": _marked(Mark.LOOK, Mark.FINE),
    "Signed": _marked(Mark.SIGNED),
    "Not inspected": _marked(Mark.NEW, Mark.LOADING, Mark.QUEUED, Mark.RUNNING),
    "Waiting or running": _marked(Mark.QUEUED, Mark.RUNNING),
    "Failed": _marked(Mark.FAILED, Mark.MISSING),
    "Without a label": _labelled(""),
    "Label: draft": _labelled("draft"),
    "Label: reviewed": _labelled("reviewed"),
    "Label: rejected": _labelled("rejected"),
}
"""Which pictures are listed, by the words in the box below them."""


@dataclass
class Album:
    """Pictures in the order they were added, by a key that never changes meaning: a result finds its picture by key."""

    entries: dict[int, Entry] = field(default_factory=dict)
    _last: int = 0
    _places: dict[Path, int] = field(default_factory=dict)

    def add(self, path: Path) -> Entry | None:
        """None where this file is here already."""
        place = path.absolute()
        if place in self._places:
            return None
        self._last += 1
        entry = self.entries[self._last] = Entry(self._last, place, module=str(serial_in(place.name) or ""))
        self._places[place] = self._last
        return entry

    def at(self, path: Path) -> Entry | None:
        """The picture of a file."""
        return self.entries.get(self._places.get(path.absolute(), 0))

    def emptied(self) -> Album:
        """For another project; keys go on, so that nothing late finds a picture it was not meant for."""
        return Album(_last=self._last)

    def __len__(self) -> int:
        return len(self.entries)

    def neighbour(self, key: int | None, step: int) -> int | None:
        """The picture after (1) or before (-1); the ends stop."""
        keys = list(self.entries)
        if not keys:
            return None
        if key not in self.entries:
            return keys[0]
        at = keys.index(key) + step
        return keys[at] if 0 <= at < len(keys) else key
