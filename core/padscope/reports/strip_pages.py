"""The edges of a board, large enough to bond from, with what to do beside each pad."""

from __future__ import annotations

from reportlab.platypus import Flowable, PageBreak

from padscope.boards.layout import Layout
from padscope.boards.pad_map import PadMap
from padscope.reports.drawing import Sheet, box_of, draw_labels, draw_pads, draw_scale_bar, fitting, pieces, strips
from padscope.reports.page import HEIGHT, WIDTH, WholePage
from padscope.reports.styles import BOLD, GREY, INK, PLAIN, printable

FEWEST_PADS = 4
SMALLEST_SCALE, LARGEST_SCALE = 0.028, 0.06
"""pt per µm: a pad of 127 µm is then 3.5 to 7.6 pt high."""
PADS_PART = 0.42
"""Of a column's width; the rest is for the notes."""
TITLE, FOOT = 44.0, 16.0


def strip_pages(pad_map: PadMap, layout: Layout) -> list[Flowable]:
    """Two parts of edges to a page; groups of fewer than four pads are large enough on the cover."""
    longest = (HEIGHT - TITLE - FOOT) / SMALLEST_SCALE
    edges = sorted(
        (s for s in strips(layout) if len(s) >= FEWEST_PADS), key=lambda s: box_of([layout.pad[i] for i in s])[0]
    )
    parts = [piece for strip in edges for piece in pieces(layout, strip, longest)]
    pages: list[Flowable] = []
    for k in range(0, len(parts), 2):
        pages += [StripPage(pad_map, layout, parts[k : k + 2]), PageBreak()]
    return pages


class StripPage(WholePage):
    """One or two groups of pads; a group that is wider than tall is turned a quarter, to run down the page."""

    def __init__(self, pad_map: PadMap, layout: Layout, groups: list[tuple[str, ...]]) -> None:
        super().__init__()
        self.pad_map = pad_map
        self.layout = layout
        self.groups = groups

    def draw(self) -> None:
        c = self.canv
        c.setFillColor(INK)
        c.setFont(BOLD, 13)
        c.drawString(0, HEIGHT - 14, "The edges, enlarged")
        column, height = WIDTH / 2, HEIGHT - TITLE - FOOT
        boxes = [box_of([self.layout.pad[i] for i in group]) for group in self.groups]
        turned = [x1 - x0 > y1 - y0 for x0, y0, x1, y1 in boxes]
        fits = [
            Sheet.fitted(box, PADS_PART * column, height, LARGEST_SCALE, turned=turn).scale
            for box, turn in zip(boxes, turned, strict=True)
        ]
        for k, (group, box, turn) in enumerate(zip(self.groups, boxes, turned, strict=True)):
            sheet = Sheet.fitted(box, PADS_PART * column, height, min(fits), turned=turn)
            first, last = group[0], group[-1]
            title = f"{first} to {last}" + (", turned a quarter clockwise" if turn else "")
            c.setFillColor(GREY)
            c.setFont(PLAIN, 8)
            c.drawString(k * column, HEIGHT - 30, fitting(printable(title), PLAIN, 8, column - 10))
            c.saveState()
            c.translate(k * column + (0 if self._notes_right(sheet, box) else (1 - PADS_PART) * column), FOOT)
            draw_pads(c, self.pad_map, self.layout, sheet, frozenset(group))
            wide = (1 - PADS_PART) * column - 8
            draw_labels(c, self.pad_map, self.layout, sheet, group, notes=True, width=wide)
            c.restoreState()
        draw_scale_bar(c, sheet, 0, 4)

    def _notes_right(self, sheet: Sheet, box: tuple[float, float, float, float]) -> bool:
        """Notes stand on the side of the middle of the board."""
        x0, y0, x1, y1 = self.layout.bounds_um
        middle, here = sheet.points([((x0 + x1) / 2, (y0 + y1) / 2), ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)])
        return bool(middle[0] >= here[0])
