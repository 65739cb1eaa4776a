"""A4 paper: its measures, its words, page numbers, and flowables that every report uses."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate

from padscope.boards.pad_map import PadMap, Verdict
from padscope.reports.drawing import draw_outline, fitting
from padscope.reports.styles import BOLD, GREY, INK, PLAIN, STYLES, printable

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN = 15 * mm
WIDTH = PAGE_WIDTH - 2 * MARGIN
HEIGHT = PAGE_HEIGHT - 2 * MARGIN - 6 * mm

BODY = ParagraphStyle("body", fontName=PLAIN, fontSize=8.5, leading=11, textColor=INK)
SMALL = ParagraphStyle("small", parent=BODY, fontSize=7.5, leading=9.5)
NAME = ParagraphStyle("name", parent=BODY, fontSize=7, leading=8, splitLongWords=1)
HEAD = ParagraphStyle("head", parent=BODY, fontName=BOLD, fontSize=13, leading=17, spaceAfter=4)


def built(story: list[Flowable], pad_map: PadMap, title: str) -> bytes:
    """The PDF of a story about a pad map; the same story gives the same bytes."""
    out = io.BytesIO()
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        title=printable(title),
        author=pad_map.provenance.software,
        subject=printable(f"layout {pad_map.provenance.layout}, picture SHA-256 {pad_map.picture.sha256}"),
        creator=pad_map.provenance.software,
        invariant=1,
    )
    document.addPageTemplates(PageTemplate(frames=[Frame(MARGIN, MARGIN + 6 * mm, WIDTH, HEIGHT, 0, 0, 0, 0)]))

    class Numbered(NumberedCanvas):
        words = printable(
            f"{pad_map.picture.file}  ·  SHA-256 {pad_map.picture.sha256[:16]}  ·  {pad_map.provenance.created_at}"
        )

    document.build(story, canvasmaker=Numbered)
    return out.getvalue()


class WholePage(Flowable):
    """Something that fills a page and draws itself."""

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        return WIDTH, HEIGHT - 1


class Chip(Flowable):
    """A verdict as a small box in its own style, with its letter."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__()
        self.verdict = verdict

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        return 20, 11

    def draw(self) -> None:
        draw_chip(self.canv, self.verdict, 0, 0)


def draw_chip(c: Canvas, verdict: Verdict, x: float, y: float) -> None:
    """20 × 10 pt from its lower left corner."""
    draw_outline(c, np.array([(x, y), (x + 20, y), (x + 20, y + 10), (x, y + 10)]), verdict, fill=True)
    c.setFillColor(INK)
    c.setFont(BOLD, 7)
    c.drawCentredString(x + 10, y + 2.6, STYLES[verdict].letter)


def escaped(text: str) -> str:
    """Text for a paragraph, whose markup it must not become."""
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class NumberedCanvas(Canvas):
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
