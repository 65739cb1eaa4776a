"""Two pad maps of one board on paper, as before and after cleaning: what became better, what worse, what is new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, PageBreak, Paragraph, Table, TableStyle

from padscope.boards.changes import Change, Changes, PadChange, compare_maps
from padscope.boards.layout import Layout
from padscope.boards.layout_text import written_whole
from padscope.boards.pad_map import PadMap
from padscope.reports.cover import draw_made, draw_title
from padscope.reports.drawing import Sheet, draw_fiducials, draw_pads, draw_ring, draw_scale_bar
from padscope.reports.page import BODY, HEAD, HEIGHT, SMALL, WIDTH, Chip, WholePage, built, escaped
from padscope.reports.styles import BOLD, INK, LINE, PALE, PLAIN, STYLES

WORST_FIRST = (Change.WORSE, Change.HIDDEN, Change.MOVED, Change.BETTER, Change.SEEN)
WORDS = {
    Change.WORSE: "worse",
    Change.HIDDEN: "can no longer be judged",
    Change.MOVED: "lands elsewhere",
    Change.BETTER: "better",
    Change.SEEN: "can be judged now",
}


def write_changes_pdf(before: PadMap, after: PadMap, layout: Layout, path: Path) -> None:
    """Whole or not at all; PadMapError where the maps are of different layouts, OutputError where it cannot be written."""
    written_whole(path, changes_pdf_bytes(before, after, layout))


def changes_pdf_bytes(before: PadMap, after: PadMap, layout: Layout) -> bytes:
    """The same two maps give the same bytes."""
    changes = compare_maps(before, after)
    story: list[Flowable] = [ChangesCover(before, after, layout, changes), PageBreak(), *_table(changes)]
    return built(story, after, f"Changes from {before.picture.file} to {after.picture.file}")


class ChangesCover(WholePage):
    """The board as it is after, with a ring around every pad that changed."""

    def __init__(self, before: PadMap, after: PadMap, layout: Layout, changes: Changes) -> None:
        super().__init__()
        self.before = before
        self.after = after
        self.layout = layout
        self.changes = changes

    def draw(self) -> None:
        c, top = self.canv, HEIGHT - 1
        sentence, files = self.changes.words(), f"{self.before.picture.file} to {self.after.picture.file}"
        if stringWidth(sentence, BOLD, 11) > WIDTH:  # the line below and the table say the rest
            sentence = sentence.split(":")[0] + "."
        draw_title(c, "What changed", files, sentence[:1].upper() + sentence[1:])
        counts = self.changes.counts()
        words = [f"{counts[change]} {word}" for change, word in WORDS.items()]
        c.setFont(PLAIN, 9)
        c.setFillColor(INK)
        c.drawString(0, top - 70, f"{'   ·   '.join(words)}   ·   {counts[Change.SAME]} the same")
        bottom, height = 128.0, top - 84 - 142
        c.saveState()
        c.translate(0, bottom + 14)
        c.setStrokeColor(LINE)
        c.setFillColor(PALE)
        c.rect(0, 0, WIDTH, height, fill=1)
        x0, y0, x1, y1 = self.layout.bounds_um
        edge = 0.03 * max(x1 - x0, y1 - y0)
        sheet = Sheet.fitted((x0 - edge, y0 - edge, x1 + edge, y1 + edge), WIDTH, height)
        draw_fiducials(c, self.layout, sheet)
        draw_pads(c, self.after, self.layout, sheet)
        for change in self.changes.changed():
            if change.pad in self.layout.pad:
                draw_ring(c, sheet, self.layout.pad[change.pad], f"{change.pad} {_letters(change)}", self.layout)
        c.restoreState()
        draw_scale_bar(c, sheet, 0, bottom + 4)
        draw_made(c, self.after, 104)


def _table(changes: Changes) -> list[Flowable]:
    """Every pad that changed, the worse ones first."""
    changed = sorted(changes.changed(), key=lambda c: WORST_FIRST.index(c.change))
    if not changed:
        return [Paragraph("Pads that changed", HEAD), Paragraph("None.", BODY)]
    rows: list[list[Any]] = [["Pad", "before", "after", "", "wires", "defects"]]
    for c in changed:
        wires = f"{c.wires_gained:+d}" if c.wires_gained else ""
        reasons = "; ".join(c.after.reasons)
        words = Paragraph(f"{escaped(_defects(c))}<br/>{escaped(reasons)}" if reasons else escaped(_defects(c)), SMALL)
        rows.append(
            [
                Paragraph(escaped(c.pad), SMALL),
                Chip(c.before.verdict),
                Chip(c.after.verdict),
                WORDS[c.change],
                wires,
                words,
            ]
        )
    table = Table(rows, colWidths=[w * WIDTH / 180 for w in (22, 14, 14, 32, 12, 86)], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), PLAIN, 7.5),
                ("FONT", (0, 0), (-1, 0), BOLD, 7.5),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.6, INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.2, LINE),
            ]
        )
    )
    return [Paragraph("Pads that changed", HEAD), table]


def _defects(c: PadChange) -> str:
    counts = ((len(c.gone), "gone"), (len(c.new), "new"), (len(c.stayed), "still there"))
    return ", ".join(f"{n} {word}" for n, word in counts if n) or "none before, none after"


def _letters(c: PadChange) -> str:
    return f"{STYLES[c.before.verdict].letter} > {STYLES[c.after.verdict].letter}"
