"""What needs somebody, with close-ups; and every wire."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import CondPageBreak, Flowable, Paragraph, Spacer, Table, TableStyle

from padscope.boards.layout import Layout
from padscope.boards.pad_map import PadMap, PadResult, Verdict
from padscope.boards.reasons import is_shifted, shift_along_across
from padscope.boards.review import WORST_FIRST
from padscope.reports.closeups import MARKED, CloseUp, HasPixels, close_up, draw_close_up
from padscope.reports.drawing import BONDED
from padscope.reports.page import BODY, HEAD, NAME, SMALL, WIDTH, Chip, escaped
from padscope.reports.styles import BOLD, GREY, INK, LINE, PLAIN, STYLES, printable

MOST_CLOSE_UPS = 80
TALLEST_CLOSE_UP = 46 * mm
PAD_COLUMN, WIRE_COLUMN = 22, 26
"""Widths of the columns with names, in 180ths of the page's."""


class CloseUpBox(Flowable):
    """A close-up in a table cell."""

    def __init__(self, shot: CloseUp, pad_map: PadMap, layout: Layout, result: PadResult, width: float) -> None:
        super().__init__()
        self.shot = shot
        self.pad_map = pad_map
        self.layout = layout
        self.result = result
        self.size = width, min(width * shot.size[1] / shot.size[0], TALLEST_CLOSE_UP)

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        return self.size

    def draw(self) -> None:
        pad = self.layout.pad[self.result.pad]
        draw_close_up(self.canv, self.shot, pad, self.result, self.pad_map.place(pad.id).um_to_px, *self.size)


def actions(pad_map: PadMap, layout: Layout, pictures: Sequence[HasPixels]) -> list[Flowable]:
    """The pads that are not OK, worst first, with close-ups."""
    needing = [p for p in pad_map.pads if p.verdict is not Verdict.OK]
    needing.sort(key=lambda p: (WORST_FIRST.index(p.verdict), -(p.level or 0.0)))
    story: list[Flowable] = [Paragraph("Pads that need somebody", HEAD)]
    if not needing:
        return [*story, Paragraph("None: every pad can be bonded as planned.", BODY), Spacer(1, 6 * mm)]
    if pictures and (key := _key(needing)):
        story.append(Paragraph(key, SMALL))
    shot_width = 82 * mm
    shown = 0
    for result in needing:
        shot = None
        place = pad_map.place(result.pad)
        if place.picture < len(pictures) and result.pad in layout.pad and shown < MOST_CLOSE_UPS:
            shot = close_up(pictures[place.picture], layout.pad[result.pad], place.um_to_px)
            shown += shot is not None
        words = _card_words(result)
        if shot is None:
            cells: list[list[Any]] = [[Chip(result.verdict), words]]
            widths = [12 * mm, WIDTH - 12 * mm]
        else:
            cells = [[Chip(result.verdict), words, CloseUpBox(shot, pad_map, layout, result, shot_width)]]
            widths = [12 * mm, WIDTH - 16 * mm - shot_width, shot_width + 4 * mm]
        card = Table(cells, colWidths=widths, splitByRow=0)
        card.setStyle(
            TableStyle(
                [
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                    ("LINEABOVE", (0, 0), (-1, 0), 0.4, LINE),
                    ("LEFTPADDING", (0, 0), (0, 0), 0),
                    ("TOPPADDING", (0, 0), (-1, -1), 4),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
                    ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
                ]
            )
        )
        story.append(card)
    if pictures and len(needing) > shown:
        story.append(Paragraph(f"Close-ups are shown of the first {shown} of {len(needing)} pads.", SMALL))
    return [*story, Spacer(1, 6 * mm)]


def _key(results: Sequence[PadResult]) -> str:
    """What the lines in the close-ups mean, as far as there are any."""
    shown = {mark.shows for result in results for mark in result.marks}
    words = [f"{style.line}: {style.words}" for shows, style in MARKED.items() if shows in shown]
    if any(result.defects for result in results):
        words.insert(0, "white and dashed: a defect")
    return f"Lines in the close-ups – {'; '.join(words)}." if words else ""


def _card_words(result: PadResult) -> list[Flowable]:
    level = "no level" if result.level is None else f"level {result.level:.2f}"
    usable = (
        ""
        if result.usable_fraction is None
        else f", {math.floor(1000 * result.usable_fraction) / 10:g} % of the pad sound"
    )
    style = STYLES[result.verdict]
    lines = [
        f"<b>{escaped(result.pad)}</b>  {style.words}: {style.asks}<br/><font color='#6b6b6b'>{level}{usable}</font>"
    ]
    lines += [escaped(_sentence(r)) for r in result.reasons[:12]]
    if len(result.reasons) > 12:
        lines.append(f"… and {len(result.reasons) - 12} more")
    return [Paragraph(line, BODY if k == 0 else SMALL) for k, line in enumerate(lines)]


def wire_table(pad_map: PadMap) -> list[Flowable]:
    """Every wire, for the one who types."""
    head = ["Pad", "", "Wire", "planned x", "y", "land at x", "y", "along", "across", "margin"]
    rows: list[list[Any]] = [head]
    marks: list[tuple[Any, ...]] = []
    for p in pad_map.pads:
        for m in p.landings:
            n = len(rows)
            planned = [f"{v:.1f}" for v in m.planned_um]
            if m.proposed_um is None:
                rest = ["not judged" if p.verdict is Verdict.UNKNOWN else "cannot land", "", "", "", ""]
                marks.append(("SPAN", (5, n), (9, n)))
            else:
                moved = [f"{v:+.1f}" for v in shift_along_across(m)] if is_shifted(m) else ["as planned", ""]
                margin = "" if m.margin_um is None else f"{m.margin_um:.1f}"
                rest = [f"{m.proposed_um[0]:.1f}", f"{m.proposed_um[1]:.1f}", *moved, margin]
                if is_shifted(m):
                    marks.append(("FONTNAME", (5, n), (8, n), BOLD))
            if p.verdict not in BONDED:
                marks.append(("TEXTCOLOR", (2, n), (-1, n), GREY))
            if p.verdict is not Verdict.OK:
                marks.append(("BACKGROUND", (1, n), (1, n), STYLES[p.verdict].tint))
            letter = "" if p.verdict is Verdict.OK else STYLES[p.verdict].letter
            name = f"{m.wire}, by hand" if m.placed_by else m.wire
            rows.append([_name(p.pad, PAD_COLUMN), letter, _name(name, WIRE_COLUMN), *planned, *rest])
    bare = [p for p in pad_map.pads if not p.landings]
    table = Table(
        rows,
        colWidths=[w * WIDTH / 180 for w in (PAD_COLUMN, 9, WIRE_COLUMN, 18, 18, 20, 18, 19, 15, 15)],
        repeatRows=1,
    )
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), PLAIN, 7),
                ("FONT", (0, 0), (-1, 0), BOLD, 7),
                ("ALIGN", (3, 0), (-1, -1), "RIGHT"),
                ("ALIGN", (1, 0), (1, -1), "CENTER"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.6, INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.2, LINE),
                ("TOPPADDING", (0, 0), (-1, -1), 1.2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6),
                *marks,
            ]
        )
    )
    words = (
        "Layout coordinates in µm; along and across are shifts in the direction of the wire and to its right. "
        "Margin: free ground around the foot beyond its tolerance. Wires in grey are on pads that may not be bonded now."
    )
    story: list[Flowable] = [
        CondPageBreak(60 * mm),
        Paragraph("Every wire", HEAD),
        Paragraph(words, SMALL),
        Spacer(1, 4),
        table,
    ]
    if bare:
        names = ", ".join(f"{printable(p.pad)} ({STYLES[p.verdict].words})" for p in bare)
        story += [Spacer(1, 4), Paragraph(f"Pads without wires: {escaped(names)}.", SMALL)]
    return story


def _name(text: str, column: int) -> str | Paragraph:
    """A name in one line, or in as many as it takes."""
    words, width = printable(text), column * WIDTH / 180 - 12
    if stringWidth(words, PLAIN, 7) <= width:
        return words
    return Paragraph(escaped(words), NAME)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
