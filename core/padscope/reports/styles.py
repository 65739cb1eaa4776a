"""How a verdict looks on paper: colour, letter and line, so that a black and white print still says it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from reportlab.lib.colors import Color, HexColor, white

from padscope.boards.pad_map import Verdict

INK, GREY, PALE, LINE = HexColor("#1a1a1a"), HexColor("#6b6b6b"), HexColor("#f4f4f4"), HexColor("#c8c8c8")
PLAIN, BOLD = "Helvetica", "Helvetica-Bold"


@dataclass(frozen=True, slots=True)
class Style:
    """A verdict's colour, letter, the width and dashes (pt) of its outline, and what it asks of the bonding team."""

    colour: Color
    letter: str
    words: str
    asks: str
    width: float
    dashes: tuple[float, ...] = ()
    hatched: bool = False

    @property
    def tint(self) -> Color:
        """Pale enough for black text and feet to be read on it."""
        c, t = self.colour, 0.28
        return Color(1 - t + t * c.red, 1 - t + t * c.green, 1 - t + t * c.blue)


STYLES = {
    Verdict.OK: Style(HexColor("#009E73"), "OK", "OK", "bond as planned", 0.5),
    Verdict.OK_SHIFT: Style(HexColor("#56B4E9"), "S", "OK, shifted", "bond at the new points", 0.9),
    Verdict.REDUCED: Style(HexColor("#E69F00"), "R", "Reduced", "bond what can land", 1.0, (3, 1.5)),
    Verdict.RE_CLEAN: Style(HexColor("#F0E442"), "C", "Re-clean", "clean, then inspect again", 1.0, (1, 1)),
    Verdict.NOT_BONDABLE: Style(HexColor("#D55E00"), "N", "Not bondable", "do not bond", 1.8),
    Verdict.UNKNOWN: Style(HexColor("#8c8c8c"), "?", "Unknown", "take the picture again", 0.7, hatched=True),
}
PAPER = white

_SAME = {
    "\u2009": "\u00a0",
    "\u202f": "\u00a0",
    "\u2212": "-",
    "\u2010": "-",
    "\u2011": "-",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "ı": "i",
}


def printable(text: str) -> str:
    """The text in the letters that the standard PDF fonts have (Windows-1252); accents they lack are dropped, others become “?”."""
    return "".join(map(_letter, text))


def _letter(c: str) -> str:
    c = _SAME.get(c, c)
    for candidate in (c, unicodedata.normalize("NFKD", c)[:1]):
        if candidate.isprintable() or candidate == "\u00a0":
            try:
                candidate.encode("cp1252")
            except UnicodeEncodeError:
                continue
            return candidate
    return "?"
