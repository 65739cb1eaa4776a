"""The board drawn as a map: pads in the style of their verdict, feet where they land, arrows where they were moved from."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from reportlab.lib.colors import Color
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from scipy.sparse.csgraph import connected_components

from padscope.boards.layout import Layout, Pad
from padscope.boards.pad_map import Landing, PadMap, PadResult, Verdict
from padscope.boards.reasons import foot_polygon, is_shifted, shift_words
from padscope.reports.styles import BOLD, GREY, INK, PAPER, PLAIN, STYLES, printable
from padscope.types import Affine, Floats

BoxUm = tuple[float, float, float, float]
SMALLEST_LABEL_PT, LARGEST_LABEL_PT = 3.6, 7.0
BONDED = frozenset({Verdict.OK, Verdict.OK_SHIFT, Verdict.REDUCED})
"""Verdicts with which a pad may be bonded now."""
NEIGHBOURS_UM = 1500.0
"""Pads nearer than this to each other belong to one strip."""


@dataclass(frozen=True)
class Sheet:
    """A part of the board on a part of the page: layout µm to page pt (y up), and pt per µm."""

    to_pt: Affine
    scale: float

    @staticmethod
    def fitted(box: BoxUm, width: float, height: float, most: float = math.inf, *, turned: bool = False) -> Sheet:
        """The box in the middle of width × height pt, y turned up, at most `most` pt per µm; `turned` a quarter clockwise, so
        that what ran to the right runs down the page."""
        x0, y0, x1, y1 = box
        wide, tall = (y1 - y0, x1 - x0) if turned else (x1 - x0, y1 - y0)
        s = min(width / max(wide, 1.0), height / max(tall, 1.0), most)
        left, top = (width - s * wide) / 2, height - (height - s * tall) / 2
        if turned:
            return Sheet(Affine(0.0, -s, left + s * y1, -s, 0.0, top + s * x0), s)
        return Sheet(Affine(s, 0.0, left - s * x0, 0.0, -s, top + s * y0), s)

    def points(self, points_um: Floats | Sequence[tuple[float, float]]) -> NDArray[np.float64]:
        return self.to_pt.apply(np.asarray(points_um, dtype=np.float64))


def draw_pads(
    canvas: Canvas, pad_map: PadMap, layout: Layout, sheet: Sheet, only: frozenset[str] | None = None
) -> None:
    """Pads with their wires; the worst are drawn last, so that no neighbour's line covers theirs."""
    results = [r for r in pad_map.pads if r.pad in layout.pad and (only is None or r.pad in only)]
    for result in sorted(results, key=lambda r: STYLES[r.verdict].width):
        draw_outline(canvas, sheet.points(layout.pad[result.pad].corners_um), result.verdict, fill=True)
        for landing in result.landings:
            draw_wire(canvas, sheet, landing, result.verdict)


def draw_fiducials(canvas: Canvas, layout: Layout, sheet: Sheet) -> None:
    canvas.setStrokeColor(GREY)
    canvas.setLineWidth(0.5)
    for f in layout.fiducials:
        (x, y), r = sheet.points([(f.x_um, f.y_um)])[0], max(f.diameter_um / 2 * sheet.scale, 2.0)
        canvas.circle(x, y, r)
        canvas.line(x - r, y, x + r, y)
        canvas.line(x, y - r, x, y + r)


def draw_outline(canvas: Canvas, corners: Floats, verdict: Verdict, *, fill: bool) -> None:
    """A closed outline (N, 2) in pt."""
    style = STYLES[verdict]
    path = canvas.beginPath()
    path.moveTo(*corners[0])
    for corner in corners[1:]:
        path.lineTo(*corner)
    path.close()
    canvas.saveState()
    canvas.setFillColor(style.tint)
    canvas.setStrokeColor(style.colour)
    canvas.setLineWidth(style.width)
    if fill:
        canvas.drawPath(path, stroke=0, fill=1)
    if style.hatched:
        hatch(canvas, path, corners, style.colour)
    if style.colour.red + style.colour.green > 1.4:  # yellow alone vanishes on white: a dark line under its dots
        canvas.setStrokeColor(INK)
        canvas.setLineWidth(0.3)
        canvas.drawPath(path, stroke=1, fill=0)
        canvas.setStrokeColor(style.colour)
        canvas.setLineWidth(style.width)
    canvas.setDash(*style.dashes) if style.dashes else canvas.setDash()
    canvas.drawPath(path, stroke=1, fill=0)
    canvas.restoreState()


def draw_wire(canvas: Canvas, sheet: Sheet, landing: Landing, verdict: Verdict, *, on_picture: bool = False) -> None:
    """A foot where it lands, filled if it may be bonded now; where it was moved from, an arrow; a cross where it cannot land;
    only the planned foot, dashed, on a pad that could not be judged."""
    ink: Color = PAPER if on_picture else INK
    planned = sheet.points([landing.planned_um])[0]
    planned_foot = sheet.points(foot_polygon(landing, landing.planned_um))
    canvas.saveState()
    canvas.setLineWidth(0.8 if on_picture else 0.4)
    canvas.setStrokeColor(ink)
    canvas.setFillColor(INK)
    if landing.proposed_um is None or is_shifted(landing):
        canvas.setDash(1.2, 1)
        _closed(canvas, planned_foot, fill=False)
        canvas.setDash()
    if landing.proposed_um is not None:
        fill, foot = verdict in BONDED and not on_picture, sheet.points(foot_polygon(landing, landing.proposed_um))
        if on_picture:
            with_halo(canvas, foot, 0.8)
        else:
            _closed(canvas, foot, fill=fill)
        if is_shifted(landing):
            _arrow(canvas, planned, sheet.points([landing.proposed_um])[0], STYLES[Verdict.OK_SHIFT].colour)
    elif verdict is not Verdict.UNKNOWN:
        r = max(2.0, 40 * sheet.scale)
        canvas.setLineWidth(1.0)
        canvas.setStrokeColor(ink if on_picture else STYLES[Verdict.NOT_BONDABLE].colour)
        canvas.line(planned[0] - r, planned[1] - r, planned[0] + r, planned[1] + r)
        canvas.line(planned[0] - r, planned[1] + r, planned[0] + r, planned[1] - r)
    canvas.restoreState()


def draw_labels(
    canvas: Canvas,
    pad_map: PadMap,
    layout: Layout,
    sheet: Sheet,
    only: tuple[str, ...],
    *,
    notes: bool,
    width: float = math.inf,
) -> None:
    """Names beside pads, at the end that looks to the middle of the board, at most so many pt wide; where they would not fit
    above each other, only of pads that need somebody."""
    x0, y0, x1, y1 = layout.bounds_um
    middle = sheet.points([((x0 + x1) / 2, (y0 + y1) / 2)])[0]
    size = min(LARGEST_LABEL_PT, 0.8 * _room_between([layout.pad[i] for i in only]) * sheet.scale)
    own = own_parts([p.id for p in layout.pads])
    for result in (r for r in pad_map.pads if r.pad in only):
        plain = result.verdict is Verdict.OK
        if size < SMALLEST_LABEL_PT and plain:
            continue
        text = "" if plain else f"  {STYLES[result.verdict].letter}"
        if notes and not plain:
            text += f"  {short_note(result)}"
        font, points = PLAIN if plain else BOLD, max(size, SMALLEST_LABEL_PT)
        canvas.setFillColor(GREY if plain else INK)
        canvas.setFont(font, points)
        left = max(width - stringWidth(text, font, points), 0.25 * width) if width < math.inf else math.inf
        whole = stringWidth(result.pad, font, points) <= left
        name = printable(result.pad) if whole else shortened(printable(own[result.pad]), font, points, left)
        words = name + printable(text)
        _label(canvas, layout.pad[result.pad], sheet, middle, fitting(words, font, points, width), points)


def _label(canvas: Canvas, pad: Pad, sheet: Sheet, middle: Floats, text: str, size: float) -> None:
    """Beside one pad, in the direction of its wires."""
    corners = sheet.points(pad.corners_um)
    centre = (corners.max(axis=0) + corners.min(axis=0)) / 2
    t = math.radians(pad.direction_deg)
    along = sheet.to_pt.linear @ (math.cos(t), math.sin(t))
    canvas.saveState()
    canvas.translate(*centre)
    axis = 0 if abs(along[0]) >= abs(along[1]) else 1
    canvas.rotate(90 * axis)
    reach = np.ptp(corners[:, axis]) / 2 + 3
    if middle[axis] >= centre[axis]:
        canvas.drawString(reach, -0.35 * size, text)
    else:
        canvas.drawRightString(-reach, -0.35 * size, text)
    canvas.restoreState()


def draw_ring(canvas: Canvas, sheet: Sheet, pad: Pad, text: str, layout: Layout) -> None:
    """A ring around a pad and words beside it, to find it among many."""
    corners = sheet.points(pad.corners_um)
    (left, low), (right, top) = corners.min(axis=0) - 2.5, corners.max(axis=0) + 2.5
    canvas.setStrokeColor(INK)
    canvas.setFillColor(INK)
    canvas.setLineWidth(0.9)
    canvas.roundRect(left, low, right - left, top - low, 2)
    x0, y0, x1, y1 = layout.bounds_um
    canvas.setFont(BOLD, 6)
    _label(canvas, pad, sheet, sheet.points([((x0 + x1) / 2, (y0 + y1) / 2)])[0], printable(f"\u00a0{text}\u00a0"), 6)


def with_halo(canvas: Canvas, corners: Floats, width: float) -> None:
    """A closed white line with a dark one under it, to be seen on bright metal and on dark."""
    for ink, thick in ((INK, width + 1.0), (PAPER, width)):
        canvas.setStrokeColor(ink)
        canvas.setLineWidth(thick)
        _closed(canvas, corners, fill=False)


def draw_scale_bar(canvas: Canvas, sheet: Sheet, x: float, y: float) -> None:
    """A bar of a round length, and which way the axes of the layout point."""
    length_um = max((n * 10**e for e in range(1, 6) for n in (1, 2, 5) if n * 10**e * sheet.scale < 90), default=10)
    width = length_um * sheet.scale
    canvas.setStrokeColor(INK)
    canvas.setFillColor(INK)
    canvas.setLineWidth(0.8)
    canvas.line(x, y, x + width, y)
    for end in (x, x + width):
        canvas.line(end, y - 2, end, y + 2)
    canvas.setFont(PLAIN, 6.5)
    words = f"{length_um / 1000:g} mm" if length_um >= 1000 else f"{length_um} µm"
    canvas.drawString(x + width + 4, y - 2, f"{words}     x to the right, y down, as in the layout")


def strips(layout: Layout) -> list[tuple[str, ...]]:
    """Pads that lie near each other, as groups, largest first: the edges of a board."""
    corners = [p.corners_um for p in layout.pads]
    low = np.array([c.min(axis=0) for c in corners]) - NEIGHBOURS_UM / 2
    high = np.array([c.max(axis=0) for c in corners]) + NEIGHBOURS_UM / 2
    near = np.all((low[:, None] < high[None]) & (high[:, None] > low[None]), axis=2).astype(bool)
    count, group = connected_components(near, directed=False)
    members = [tuple(layout.pads[i].id for i in np.flatnonzero(group == g)) for g in range(count)]
    return sorted(members, key=len, reverse=True)


def pieces(layout: Layout, strip: tuple[str, ...], longest_um: float) -> list[tuple[str, ...]]:
    """A strip cut into parts of equal length that is at most `longest_um`, in order along it."""
    x0, y0, x1, y1 = box_of([layout.pad[i] for i in strip])
    length = max(x1 - x0, y1 - y0)
    parts = max(1, math.ceil(length / longest_um))

    def part(pad: Pad) -> int:
        way = pad.x_um - x0 if x1 - x0 >= y1 - y0 else pad.y_um - y0
        return min(int(parts * way / length), parts - 1)

    cut = [tuple(i for i in strip if part(layout.pad[i]) == k) for k in range(parts)]
    return [c for c in cut if c]


def short_note(result: PadResult) -> str:
    """What to do with a pad, in a few words."""
    placed = [m for m in result.landings if m.proposed_um is not None]
    moved = [m for m in placed if is_shifted(m)]
    if result.verdict is Verdict.OK_SHIFT and moved:
        if len(moved) == 1:
            name = "" if len(result.landings) == 1 else f"{_own_part(moved[0].wire, result.pad)}: "
            return name + shift_words(moved[0]).removesuffix(", along the wire")  # the arrow shows it
        farthest = max(math.hypot(*(m.shift_um or (0, 0))) for m in moved)
        return f"{len(moved)} of {len(result.landings)} wires shifted, up to {farthest:.0f} µm"
    if result.verdict is Verdict.REDUCED:
        return f"{len(placed)} of {len(result.landings)} wires can land"
    return STYLES[result.verdict].asks


def box_of(pads: Sequence[Pad]) -> BoxUm:
    """x0, y0, x1, y1 around pads."""
    points = np.concatenate([p.corners_um for p in pads])
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def fitting(text: str, font: str, size: float, width: float) -> str:
    """The text, cut with “…” to a width in pt."""
    if stringWidth(text, font, size) <= width:
        return text
    while text and stringWidth(text + "…", font, size) > width:
        text = text[:-1]
    return text + "…"


def own_parts(names: Sequence[str]) -> dict[str, str]:
    """Names without what all of them begin and end with."""
    head = _alike(names)
    tail = min(_alike([n[::-1] for n in names]), min(map(len, names), default=0) - head)
    return {n: ("…" if head else "") + n[head : len(n) - tail] + ("…" if tail else "") for n in names}


def _alike(names: Sequence[str]) -> int:
    """With how many letters all of them begin."""
    return sum(1 for _ in itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False)))


def shortened(text: str, font: str, size: float, width: float) -> str:
    """The text with “…” in its middle, cut to a width in pt: names of pads differ at their ends."""
    if stringWidth(text, font, size) <= width:
        return text
    for kept in range(len(text) - 1, 0, -1):
        cut = text[: kept - kept // 2] + "…" + text[len(text) - kept // 2 :]
        if stringWidth(cut, font, size) <= width:
            return cut
    return "…"


def _own_part(wire: str, pad: str) -> str:
    """ "wire 4" of pad L001's L001-4; the whole name of a wire that is not called after its pad."""
    own = wire.removeprefix(pad).lstrip("-_. ")
    return f"wire {own}" if wire.startswith(pad) and own else wire


def _room_between(pads: Sequence[Pad]) -> float:
    """Distance between neighbouring pads across their wires, µm: the height a label may have."""
    rows = [(round(p.direction_deg), *_along_across(p)) for p in pads]
    ordered = sorted((direction, round(along / NEIGHBOURS_UM), across) for direction, along, across in rows)
    gaps = [b[2] - a[2] for a, b in itertools.pairwise(ordered) if a[:2] == b[:2] and b[2] > a[2]]
    return float(np.percentile(gaps, 10)) if gaps else 1000.0


def _along_across(pad: Pad) -> tuple[float, float]:
    t = math.radians(pad.direction_deg)
    return pad.x_um * math.cos(t) + pad.y_um * math.sin(t), pad.y_um * math.cos(t) - pad.x_um * math.sin(t)


def _closed(canvas: Canvas, corners: Floats, *, fill: bool) -> None:
    path = canvas.beginPath()
    path.moveTo(*corners[0])
    for corner in corners[1:]:
        path.lineTo(*corner)
    path.close()
    canvas.drawPath(path, stroke=1, fill=int(fill))


def _arrow(canvas: Canvas, start: Floats, end: Floats, colour: Color) -> None:
    way = np.asarray(end) - start
    length = float(np.hypot(*way))
    if length < 1e-3:
        return
    ahead = way / length
    side = np.array([-ahead[1], ahead[0]])
    head = min(4.0, max(1.6, 0.35 * length))
    canvas.setDash()
    for ink, width in ((PAPER, 1.6), (colour, 0.9)):
        canvas.setStrokeColor(ink)
        canvas.setFillColor(ink)
        canvas.setLineWidth(width)
        canvas.line(*start, *(end - ahead * head * 0.5))
        _closed(
            canvas,
            np.array([end, end - ahead * head + side * head / 2, end - ahead * head - side * head / 2]),
            fill=True,
        )


def hatch(canvas: Canvas, path: object, corners: Floats, colour: Color) -> None:
    """Slanted lines inside a path with these corners (N, 2) in pt."""
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    canvas.saveState()
    canvas.clipPath(path, stroke=0, fill=0)
    canvas.setStrokeColor(colour)
    canvas.setLineWidth(0.4)
    for x in np.arange(x0 - (y1 - y0), x1, 2.2):
        canvas.line(x, y0, x + (y1 - y0), y1)
    canvas.restoreState()
