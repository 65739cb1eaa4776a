"""The pad map on paper: the drawn board to sign, the edges large enough to bond from, what needs somebody, every wire."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from padscope.boards.layout import Layout
from padscope.boards.layout_text import written_whole
from padscope.boards.pad_map import PadMap, PadResult, Verdict
from padscope.boards.reasons import is_shifted, shift_along_across
from padscope.reports.closeups import CloseUp, HasPixels, close_up, draw_close_up
from padscope.reports.drawing import (
    BONDED,
    Sheet,
    box_of,
    draw_fiducials,
    draw_labels,
    draw_outline,
    draw_pads,
    draw_scale_bar,
    fitting,
    strips,
)
from padscope.reports.styles import BOLD, GREY, INK, LINE, PALE, PLAIN, STYLES, printable

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN = 15 * mm
WIDTH = PAGE_WIDTH - 2 * MARGIN
HEIGHT = PAGE_HEIGHT - 2 * MARGIN - 6 * mm
MOST_CLOSE_UPS = 80
WORST_FIRST = (Verdict.NOT_BONDABLE, Verdict.UNKNOWN, Verdict.RE_CLEAN, Verdict.REDUCED, Verdict.OK_SHIFT, Verdict.OK)

BODY = ParagraphStyle("body", fontName=PLAIN, fontSize=8.5, leading=11, textColor=INK)
SMALL = ParagraphStyle("small", parent=BODY, fontSize=7.5, leading=9.5)
HEAD = ParagraphStyle("head", parent=BODY, fontName=BOLD, fontSize=13, leading=17, spaceAfter=4)


def write_pdf(pad_map: PadMap, layout: Layout, path: Path, picture: HasPixels | None = None) -> None:
    """The report, whole or not at all; with the picture also close-ups of the pads that need somebody. OutputError where it
    cannot be written."""
    written_whole(path, pdf_bytes(pad_map, layout, picture))


def pdf_bytes(pad_map: PadMap, layout: Layout, picture: HasPixels | None = None) -> bytes:
    """The same pad map gives the same bytes."""
    out = io.BytesIO()
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=printable(f"Pad map of {pad_map.picture.file}"),
        author=pad_map.provenance.software,
        subject=printable(f"layout {pad_map.provenance.layout}, picture SHA-256 {pad_map.picture.sha256}"),
        creator=pad_map.provenance.software,
        invariant=1,
    )
    frame = Frame(MARGIN, MARGIN + 6 * mm, WIDTH, HEIGHT, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame]))
    footer = printable(
        f"{pad_map.picture.file}  ·  SHA-256 {pad_map.picture.sha256[:16]}  ·  {pad_map.provenance.created_at}"
    )
    story: list[Flowable] = [Cover(pad_map, layout), PageBreak()]
    story += _strip_pages(pad_map, layout)
    story += _actions(pad_map, layout, picture)
    story += _wire_table(pad_map)

    class Numbered(_NumberedCanvas):
        words = footer

    document.build(story, canvasmaker=Numbered)
    return out.getvalue()


class Cover(Flowable):
    """One page that says it all: what was found, the board, what it was made with, room to sign."""

    def __init__(self, pad_map: PadMap, layout: Layout) -> None:
        super().__init__()
        self.pad_map = pad_map
        self.layout = layout

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        return WIDTH, HEIGHT - 1

    def draw(self) -> None:
        c, m = self.canv, self.pad_map
        top = HEIGHT - 1
        c.setFillColor(INK)
        c.setFont(BOLD, 20)
        c.drawString(0, top - 18, "Pad map")
        c.setFont(PLAIN, 11)
        c.drawString(
            0, top - 34, fitting(printable(f"{m.picture.file}   layout {m.provenance.layout}"), PLAIN, 11, WIDTH)
        )
        c.setFont(BOLD, 11)
        c.drawString(0, top - 52, printable(headline(m)))
        _legend(c, m, top - 96)
        self._map(top - 108, 178)
        self._made(150)
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
        draw_labels(c, self.pad_map, self.layout, sheet)
        c.restoreState()
        draw_scale_bar(c, sheet, 0, bottom + 4)

    def _made(self, top: float) -> None:
        m, made = self.pad_map, self.pad_map.provenance
        scale = "unknown" if m.picture.scale.um_per_px is None else f"{m.picture.scale.um_per_px:.4g} µm per px"
        trusted = "verified" if m.picture.scale.verified else "not verified"
        rows = (
            (
                "Picture",
                f"{m.picture.width_px} × {m.picture.height_px} px, {scale} ({m.picture.scale.source}, {trusted})",
            ),
            ("SHA-256", m.picture.sha256),
            ("Pose", f"{m.pose_method}, residual {m.residual_um:.2f} µm"),
            ("Layout", f"{made.layout}   {made.layout_sha256}"),
            ("Model", f"{made.detector}   {made.model_sha256}"),
            ("Rules", f"{made.rules}   {made.rules_sha256}"),
            ("Made", f"{made.created_at} (UTC) by {made.software}"),
        )
        for k, (name, value) in enumerate(rows):
            y = top - 11.5 * k
            self.canv.setFillColor(GREY)
            self.canv.setFont(PLAIN, 7.5)
            self.canv.drawString(0, y, name)
            self.canv.setFillColor(INK)
            self.canv.drawString(46, y, fitting(printable(value), PLAIN, 7.5, WIDTH - 46))

    def _sign(self, top: float) -> None:
        c = self.canv
        c.setStrokeColor(INK)
        c.setFillColor(GREY)
        c.setLineWidth(0.6)
        c.setFont(PLAIN, 7.5)
        third = WIDTH / 3
        for k, word in enumerate(
            ("Module or flex serial number", "Inspected by, date", "Released for bonding by, date")
        ):
            c.line(k * third, top - 34, (k + 1) * third - 12, top - 34)
            c.drawString(k * third, top - 44, word)


class StripPage(Flowable):
    """One group of pads, as large as a page allows, with what to do beside each."""

    def __init__(self, pad_map: PadMap, layout: Layout, groups: list[tuple[str, ...]]) -> None:
        super().__init__()
        self.pad_map = pad_map
        self.layout = layout
        self.groups = groups

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        return WIDTH, HEIGHT - 1

    def draw(self) -> None:
        c = self.canv
        c.setFillColor(INK)
        c.setFont(BOLD, 13)
        c.drawString(0, HEIGHT - 14, "The edges, enlarged")
        column, height = WIDTH / len(self.groups), HEIGHT - 40
        for k, group in enumerate(self.groups):
            x0, y0, x1, y1 = box_of([self.layout.pad[i] for i in group])
            c.saveState()
            c.translate(k * column, 14)
            # notes stand towards the middle of the board, so the pads go to the outer side of the column
            sheet = Sheet.fitted((x0, y0, x1, y1), 0.42 * column, height - 8, 0.06)
            inward_right = (x0 + x1) / 2 < (self.layout.bounds_um[0] + self.layout.bounds_um[2]) / 2
            wide = (x1 - x0) * sheet.scale
            left = (0.42 * column - wide) / 2
            c.translate(-left + 2 if inward_right else column - left - wide - 2, 0)
            only = frozenset(group)
            draw_pads(c, self.pad_map, self.layout, sheet, only)
            draw_labels(c, self.pad_map, self.layout, sheet, notes=True, only=only)
            c.restoreState()
        draw_scale_bar(c, sheet, 0, 4)


class CloseUpBox(Flowable):
    """A close-up in a table cell."""

    def __init__(self, shot: CloseUp, pad_map: PadMap, layout: Layout, result: PadResult, width: float) -> None:
        super().__init__()
        self.shot = shot
        self.pad_map = pad_map
        self.layout = layout
        self.result = result
        self.size = width, min(width * shot.size[1] / shot.size[0], 62 * mm)

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        return self.size

    def draw(self) -> None:
        pad = self.layout.pad[self.result.pad]
        draw_close_up(self.canv, self.shot, pad, self.result, self.pad_map.um_to_px, *self.size)


class Chip(Flowable):
    """A verdict as a small box in its own style, with its letter."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__()
        self.verdict = verdict

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        return 20, 11

    def draw(self) -> None:
        _chip(self.canv, self.verdict, 0, 0)


def headline(pad_map: PadMap) -> str:
    """The whole board in one line."""
    landings = pad_map.landings()
    placed = [m for m in landings if m.proposed_um is not None]
    moved = sum(is_shifted(m) for m in placed)
    fine = pad_map.counts()[Verdict.OK]
    return (
        f"{fine} of {len(pad_map.pads)} pads are fine as planned; "
        f"{len(placed)} of {len(landings)} wires can land, {moved} of them shifted."
    )


def _legend(c: Canvas, pad_map: PadMap, y: float) -> None:
    counts = pad_map.counts()
    column = WIDTH / 3
    for k, verdict in enumerate(STYLES):
        style = STYLES[verdict]
        x, row = (k % 3) * column, y + 17 * (1 - k // 3)
        _chip(c, verdict, x, row)
        c.setFillColor(INK)
        c.setFont(BOLD, 9)
        c.drawString(x + 25, row + 2.2, f"{counts[verdict]}")
        c.setFont(PLAIN, 7.2)
        c.drawString(x + 41, row + 2.2, f"{style.words}: {style.asks}")


def _chip(c: Canvas, verdict: Verdict, x: float, y: float) -> None:
    style = STYLES[verdict]
    draw_outline(c, np.array([(x, y), (x + 20, y), (x + 20, y + 10), (x, y + 10)]), verdict, fill=True)
    c.setFillColor(INK)
    c.setFont(BOLD, 7)
    c.drawCentredString(x + 10, y + 2.6, style.letter)


def _strip_pages(pad_map: PadMap, layout: Layout) -> list[Flowable]:
    groups = [g for g in strips(layout) if len(g) > 3]
    pages: list[Flowable] = []
    for k in range(0, len(groups), 2):
        pair = sorted(groups[k : k + 2], key=lambda g: layout.pad[g[0]].x_um)
        pages += [StripPage(pad_map, layout, pair), PageBreak()]
    return pages


def _actions(pad_map: PadMap, layout: Layout, picture: HasPixels | None) -> list[Flowable]:
    """The pads that are not OK, worst first, with close-ups."""
    needing = [p for p in pad_map.pads if p.verdict is not Verdict.OK]
    needing.sort(key=lambda p: (WORST_FIRST.index(p.verdict), -(p.level or 0.0)))
    story: list[Flowable] = [Paragraph("Pads that need somebody", HEAD)]
    if not needing:
        return [*story, Paragraph("None: every pad can be bonded as planned.", BODY), Spacer(1, 6 * mm)]
    shot_width = 82 * mm
    shown = 0
    for result in needing:
        shot = None
        if picture is not None and result.pad in layout.pad and shown < MOST_CLOSE_UPS:
            shot = close_up(picture, layout.pad[result.pad], pad_map.um_to_px)
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
    if picture is not None and len(needing) > shown:
        story.append(Paragraph(f"Close-ups are shown of the first {shown} of {len(needing)} pads.", SMALL))
    return [*story, Spacer(1, 6 * mm)]


def _card_words(result: PadResult) -> list[Flowable]:
    level = "no level" if result.level is None else f"level {result.level:.2f}"
    usable = (
        ""
        if result.usable_fraction is None
        else f", {math.floor(1000 * result.usable_fraction) / 10:g} % of the pad sound"
    )
    style = STYLES[result.verdict]
    lines = [
        f"<b>{_escaped(result.pad)}</b>  {style.words}: {style.asks}<br/><font color='#6b6b6b'>{level}{usable}</font>"
    ]
    lines += [_escaped(_sentence(r)) for r in result.reasons[:12]]
    if len(result.reasons) > 12:
        lines.append(f"… and {len(result.reasons) - 12} more")
    return [Paragraph(line, BODY if k == 0 else SMALL) for k, line in enumerate(lines)]


def _wire_table(pad_map: PadMap) -> list[Flowable]:
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
            rows.append([printable(p.pad), letter, printable(m.wire), *planned, *rest])
    bare = [p for p in pad_map.pads if not p.landings]
    table = Table(rows, colWidths=[w * WIDTH / 180 for w in (22, 9, 26, 18, 18, 20, 18, 19, 15, 15)], repeatRows=1)
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
        story += [Spacer(1, 4), Paragraph(f"Pads without wires: {_escaped(names)}.", SMALL)]
    return story


class _NumberedCanvas(Canvas):
    """Writes “page k of n” once all pages are known."""

    words = ""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._pages, start=1):
            self.__dict__.update(page)
            self.setFont(PLAIN, 7)
            self.setFillColor(GREY)
            self.drawString(MARGIN, 10 * mm, fitting(self.words, PLAIN, 7, WIDTH - 60))
            self.drawRightString(PAGE_WIDTH - MARGIN, 10 * mm, f"page {number} of {len(self._pages)}")
            super().showPage()
        super().save()


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _escaped(text: str) -> str:
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
