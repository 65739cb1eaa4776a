"""The first page: what was found, the board drawn, what it was made with, room to sign."""

from __future__ import annotations

from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from padscope.boards.layout import Layout
from padscope.boards.pad_map import PadMap, Verdict
from padscope.boards.reasons import is_shifted
from padscope.reports.drawing import (
    BONDED,
    Sheet,
    draw_fiducials,
    draw_labels,
    draw_pads,
    draw_scale_bar,
    fitting,
    strips,
)
from padscope.reports.page import HEIGHT, WIDTH, WholePage, draw_chip
from padscope.reports.styles import BOLD, GREY, INK, LINE, PALE, PLAIN, STYLES, printable

NOTE_LINES = 2


class Cover(WholePage):
    """One page that says it all: what was found, the board, what it was made with, room to sign."""

    def __init__(self, pad_map: PadMap, layout: Layout) -> None:
        super().__init__()
        self.pad_map = pad_map
        self.layout = layout

    def draw(self) -> None:
        m, top = self.pad_map, HEIGHT - 1
        draw_title(self.canv, "Pad map", picture_line(m), headline(m))
        draw_legend(self.canv, m, top - 96)
        self._map(top - 108, 186)
        draw_made(self.canv, m, 160)
        self._sign(52)

    def _map(self, top: float, bottom: float) -> None:
        c = self.canv
        height = top - bottom - 14
        c.saveState()
        c.translate(0, bottom + 14)
        c.setStrokeColor(LINE)
        c.setFillColor(PALE)
        c.setLineWidth(0.5)
        c.rect(0, 0, WIDTH, height, fill=1)
        x0, y0, x1, y1 = self.layout.bounds_um
        edge = 0.03 * max(x1 - x0, y1 - y0)
        sheet = Sheet.fitted((x0 - edge, y0 - edge, x1 + edge, y1 + edge), WIDTH, height)
        draw_fiducials(c, self.layout, sheet)
        draw_pads(c, self.pad_map, self.layout, sheet)
        for strip in strips(self.layout):
            draw_labels(c, self.pad_map, self.layout, sheet, strip, notes=False, width=0.33 * WIDTH)
        c.restoreState()
        draw_scale_bar(c, sheet, 0, bottom + 4)

    def _sign(self, top: float) -> None:
        c = self.canv
        c.setStrokeColor(INK)
        c.setFillColor(GREY)
        c.setLineWidth(0.6)
        c.setFont(PLAIN, 7.5)
        third = WIDTH / 3
        if self.pad_map.picture.module:
            c.setFont(BOLD, 10)
            c.drawString(0, top - 30, self.pad_map.picture.module)
            c.setFont(PLAIN, 7.5)
        for k, word in enumerate(
            ("Module or flex serial number", "Inspected by, date", "Released for bonding by, date")
        ):
            c.line(k * third, top - 34, (k + 1) * third - 12, top - 34)
            c.drawString(k * third, top - 44, word)


def picture_line(pad_map: PadMap) -> str:
    module = f"module {pad_map.picture.module}   " if pad_map.picture.module else ""
    files = ", ".join(facts.file for facts in pad_map.pictures())
    return f"{module}{files}   layout {pad_map.provenance.layout}"


def headline(pad_map: PadMap) -> str:
    """The whole board in one line."""
    bonded = [m for p in pad_map.pads if p.verdict in BONDED for m in p.landings if m.proposed_um is not None]
    moved = sum(map(is_shifted, bonded))
    fine = pad_map.counts()[Verdict.OK]
    return (
        f"{fine} of {len(pad_map.pads)} pads are fine as planned; "
        f"{len(bonded)} of {len(pad_map.landings())} wires can be bonded now, {moved} of them shifted."
    )


def draw_legend(c: Canvas, pad_map: PadMap, y: float) -> None:
    """Every verdict in its style, how many pads have it, and what it asks of the bonding team."""
    counts = pad_map.counts()
    column = WIDTH / 3
    for k, verdict in enumerate(STYLES):
        style = STYLES[verdict]
        x, row = (k % 3) * column, y + 17 * (1 - k // 3)
        draw_chip(c, verdict, x, row)
        c.setFillColor(INK)
        c.setFont(BOLD, 9)
        c.drawString(x + 25, row + 2.2, f"{counts[verdict]}")
        c.setFont(PLAIN, 7.2)
        c.drawString(x + 46, row + 2.2, f"{style.words}: {style.asks}")


def draw_title(c: Canvas, title: str, what: str, sentence: str) -> None:
    """The three lines at the top of a first page."""
    c.setFillColor(INK)
    for words, font, size, y in ((title, BOLD, 20, 18), (what, PLAIN, 11, 34), (sentence, BOLD, 11, 52)):
        c.setFont(font, size)
        c.drawString(0, HEIGHT - 1 - y, fitting(printable(words), font, size, WIDTH))


def note_lines(m: PadMap) -> list[str]:
    """What is to be said of the whole picture, in at most NOTE_LINES lines."""
    return simpleSplit(printable(" ".join(m.notes)), PLAIN, 7.5, WIDTH - 46)[:NOTE_LINES]


def draw_made(c: Canvas, m: PadMap, top: float) -> None:
    """What a map was made from, so that it can be made again."""
    made = m.provenance
    scale = "unknown" if m.picture.scale.um_per_px is None else f"{m.picture.scale.um_per_px:.4g} µm per px"
    trusted = "verified" if m.picture.scale.verified else "not verified"
    threshold = "as calibrated" if made.threshold_factor == 1 else f"{made.threshold_factor:g} times the calibrated one"
    rows = (
        (
            "Picture",
            f"{m.picture.width_px} × {m.picture.height_px} px, {scale} ({m.picture.scale.source}, {trusted})",
        ),
        ("SHA-256", m.picture.sha256),
        ("Pose", f"{m.pose_method}, residual {m.residual_um:.2f} µm"),
        ("Layout", f"{made.layout}   {made.layout_sha256}"),
        ("Model", f"{made.detector}   {made.model_sha256}"),
        ("Threshold", threshold),
        ("Rules", f"{made.rules}   {made.rules_sha256}"),
        ("Made", f"{made.created_at} (UTC) by {made.software}"),
        *(("Note" if k == 0 else "", line) for k, line in enumerate(note_lines(m))),
    )
    for k, (name, value) in enumerate(rows):
        y = top - 11.5 * k
        c.setFillColor(GREY)
        c.setFont(PLAIN, 7.5)
        c.drawString(0, y, name)
        c.setFillColor(INK)
        c.drawString(46, y, fitting(printable(value), PLAIN, 7.5, WIDTH - 46))
