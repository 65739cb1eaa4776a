"""Layouts from KiCad boards and footprints (.kicad_pcb, .kicad_mod), versions 4 to 9: S-expressions in mm, y down, turns
counterclockwise on the screen; a pad's turn in a board already contains that of its footprint."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Layout
from padscope.boards.layout_choice import Choice, Shape, circle, layout_of, rectangle, rounded
from padscope.boards.layout_text import read_bytes, text_of
from padscope.errors import LayoutError

MM = 1000.0
TOKEN = re.compile(r'\(|\)|"((?:[^"\\]|\\.)*)"|[^\s()"]+')
ROOTS = ("kicad_pcb", "module", "footprint")
LAYERS = {"top": "F.Cu", "bottom": "B.Cu"}
CORNERS = {"top_left": (-1, -1), "top_right": (1, -1), "bottom_right": (1, 1), "bottom_left": (-1, 1)}
"""Clockwise on the screen: which way from the middle."""
NOT_METAL = "np_thru_hole"
FIDUCIAL_PROPERTIES = ("pad_prop_fiducial_glob", "pad_prop_fiducial_loc")
DEEPEST = 200


@dataclass
class Node:
    """(word value value … (child …) …): values are text, children are nodes."""

    word: str = ""
    values: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)

    def all(self, word: str) -> Iterator[Node]:
        return (c for c in self.children if c.word == word)

    def first(self, word: str) -> Node | None:
        return next(self.all(word), None)


def load_layout_kicad(path: Path, choice: Choice | None = None) -> Layout:
    """Pads with copper on the chosen side. Names are REFERENCE-PAD; LayoutError where the file is none of KiCad's."""
    choice = choice or Choice()
    raw = read_bytes(path)
    return layout_of(kicad_shapes(path, choice, raw), choice, path.name, path.stem, hashlib.sha256(raw).hexdigest())


def kicad_shapes(path: Path, choice: Choice, raw: bytes) -> list[Shape]:
    """All copper of the chosen side."""
    root = _parsed(path, text_of(path, raw))
    if root.word not in ROOTS:
        raise LayoutError(
            f"{path.name} begins with “{root.word}”; a KiCad board or footprint begins with {' or '.join(ROOTS)}."
        )
    alone = root.word != "kicad_pcb"
    footprints = [root] if alone else [c for c in root.children if c.word in ("footprint", "module")]
    shapes = [s for f in footprints for s in _footprint(path, f, choice.side, alone)]
    if not shapes:
        raise LayoutError(f"{path.name} has no pads on {LAYERS[choice.side]}; check the file and the side.")
    return _without_vias(shapes)


def _without_vias(shapes: list[Shape]) -> list[Shape]:
    """Without pads within the box of a larger one of the same name: thermal vias, which are the same piece of metal."""
    boxes = [(s.corners_um.min(axis=0), s.corners_um.max(axis=0)) for s in shapes]
    named: dict[str, list[int]] = {}
    for k, shape in enumerate(shapes):
        named.setdefault(shape.name, []).append(k)

    def within(k: int, other: int) -> bool:
        (low, high), (outer_low, outer_high) = boxes[k], boxes[other]
        larger = np.prod(outer_high - outer_low) > np.prod(high - low)
        return bool(larger and (low >= outer_low).all() and (high <= outer_high).all())

    return [s for k, s in enumerate(shapes) if not s.name or not any(within(k, other) for other in named[s.name])]


def _parsed(path: Path, text: str) -> Node:
    """The one S-expression of the file."""
    top = Node()
    open_nodes = [top]
    fresh = False
    for match in TOKEN.finditer(text):
        token = match.group(0)
        if token == "(":
            node = Node()
            open_nodes[-1].children.append(node)
            open_nodes.append(node)
            fresh = True
            if len(open_nodes) > DEEPEST:
                raise LayoutError(f"{path.name} is nested too deeply to be a KiCad file.")
        elif token == ")":
            open_nodes.pop()
            fresh = False
            if not open_nodes:
                line = text.count("\n", 0, match.start()) + 1
                raise LayoutError(f"{path.name}, line {line}: a bracket is closed that was never opened.")
        else:
            word = re.sub(r"\\(.)", r"\1", match.group(1)) if match.group(1) is not None else token
            if fresh:
                open_nodes[-1].word, fresh = word, False
            else:
                open_nodes[-1].values.append(word)
    if len(open_nodes) != 1:
        raise LayoutError(f"{path.name} ends within a bracket; the file is cut off.")
    if len(top.children) != 1:
        raise LayoutError(f"{path.name} is no KiCad file; it needs one expression in brackets.")
    return top.children[0]


def _footprint(path: Path, footprint: Node, side: str, alone: bool) -> Iterator[Shape]:
    reference = _reference(footprint)
    where = f"{path.name}, footprint {reference or (footprint.values[0] if footprint.values else '?')}"
    x, y, turn = (0.0, 0.0, 0.0) if alone else _placed(where, footprint)
    for pad in footprint.all("pad"):
        if len(pad.values) < 3 or pad.values[1] == NOT_METAL:
            continue
        layers = pad.first("layers")
        if not layers or not any(v in (LAYERS[side], "*.Cu", "F&B.Cu") for v in layers.values):
            continue
        yield from _pad(f"{where}, pad {pad.values[0]}", pad, reference, (x, y, turn), side)


def _reference(footprint: Node) -> str:
    """KiCad 8 calls it a property, older versions a text."""
    for child in footprint.children:
        named = child.word == "property" and child.values[:1] == ["Reference"]
        if (named or (child.word == "fp_text" and child.values[:1] == ["reference"])) and len(child.values) > 1:
            word = child.values[1]
            return "" if word.startswith("REF*") else word
    return ""


def _pad(where: str, pad: Node, reference: str, at: tuple[float, float, float], side: str) -> Iterator[Shape]:
    dx, dy, turn = _placed(where, pad)
    t = math.radians(at[2])
    centre = (at[0] + dx * math.cos(t) + dy * math.sin(t), at[1] - dx * math.sin(t) + dy * math.cos(t))
    metal = _on_side(pad, side)
    size, shape = metal.first("size") or pad.first("size"), metal.first("shape")
    w, h = _numbers(where, size.values if size else [], 2)
    if w <= 0 or h <= 0:
        raise LayoutError(f"{where}: its size is {w:g} × {h:g} mm; it must be above 0.")
    kind = shape.values[0] if shape and shape.values else pad.values[2]
    outlines = list(_outlines(where, metal, kind, w * MM, h * MM))
    net = pad.first("net")
    name = "-".join(filter(None, (reference, pad.values[0])))
    marked = pad.first("property")
    mirror = np.array([-1.0, 1.0]) if side == "bottom" else np.ones(2)
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    for outline in outlines:
        corners = (outline @ np.array([[c, -s], [s, c]]) + np.array(centre) * MM) * mirror
        yield Shape(
            corners,
            name,
            net.values[-1] if net and net.values else "",
            LAYERS[side],
            w * MM if kind == "circle" else 0.0,
            marked is not None and marked.values[:1] != [] and marked.values[0] in FIDUCIAL_PROPERTIES,
        )


def _on_side(pad: Node, side: str) -> Node:
    """Where the pad's shape stands: the back of a padstack (KiCad 9) has its own."""
    stack = pad.first("padstack")
    layers = list(stack.all("layer")) if stack and side == "bottom" else []
    return next((layer for layer in layers if layer.values[:1] == [LAYERS[side]]), pad)


def _outlines(where: str, pad: Node, kind: str, w: float, h: float) -> Iterator[NDArray[np.float64]]:
    """Corners about the pad's middle, unturned, µm."""
    offset = pad.first("drill")
    shift = offset.first("offset") if offset else pad.first("offset")
    x, y = (v * MM for v in _numbers(where, shift.values, 2)) if shift else (0.0, 0.0)
    if kind == "circle":
        yield circle(x, y, w)
    elif kind == "oval":
        yield rounded(x, y, w, h, min(w, h) / 2)
    elif kind == "roundrect":
        ratio = pad.first("roundrect_rratio")
        share = _numbers(where, ratio.values, 1)[0] if ratio else 0.25
        yield _chamfered(where, pad, rounded(x, y, w, h, share * min(w, h)), (x, y, w, h))
    elif kind == "trapezoid":
        delta = pad.first("rect_delta")
        dh, dw = (v * MM for v in _numbers(where, delta.values, 2)) if delta else (0.0, 0.0)
        yield np.array([
            [x - w / 2 - dw / 2, y - h / 2 + dh / 2], [x + w / 2 + dw / 2, y - h / 2 - dh / 2],
            [x + w / 2 - dw / 2, y + h / 2 + dh / 2], [x - w / 2 + dw / 2, y + h / 2 - dh / 2],
        ])  # fmt: skip
    elif kind == "custom":
        primitives = pad.first("primitives")
        polygons = list(primitives.all("gr_poly")) if primitives else []
        for polygon in polygons:
            points = polygon.first("pts")
            xy = [_numbers(where, p.values, 2) for p in points.all("xy")] if points else []
            if len(xy) >= 3:
                yield np.array(xy) * MM
        if not polygons:
            yield rectangle(x, y, w, h)
    elif kind == "rect":
        yield rectangle(x, y, w, h)
    else:
        raise LayoutError(
            f"{where}: the pad shape “{kind}” is unknown; it must be rect, circle, oval, roundrect, trapezoid or custom."
        )


def _chamfered(
    where: str, pad: Node, outline: NDArray[np.float64], box: tuple[float, float, float, float]
) -> NDArray[np.float64]:
    """The outline (convex, clockwise on the screen) without the corners that the pad has cut off."""
    corners, ratio = pad.first("chamfer"), pad.first("chamfer_ratio")
    x, y, w, h = box
    if not corners or not ratio:
        return outline
    cut = _numbers(where, ratio.values, 1)[0] * min(w, h)
    around: list[NDArray[np.float64]] = []
    for name, (sx, sy) in CORNERS.items():
        at = np.array([x + sx * w / 2, y + sy * h / 2])
        ends = [at - (0, sy * cut), at - (sx * cut, 0)]
        own = outline[((outline - (x, y)) * (sx, sy) > 0).all(axis=1)]
        around += (ends if sx == sy else ends[::-1]) if name in corners.values else list(own)
    return np.array(around)


def _placed(where: str, node: Node) -> tuple[float, float, float]:
    at = node.first("at")
    if at is None:
        raise LayoutError(f"{where}: it has no position (at …).")
    values = [v for v in at.values if v != "unlocked"]
    x, y = _numbers(where, values, 2)
    return x, y, _numbers(where, values[2:], 1)[0] if len(values) > 2 else 0.0


def _numbers(where: str, values: list[str], count: int) -> list[float]:
    try:
        numbers = [float(v) for v in values[:count]]
    except ValueError:
        numbers = []
    if len(numbers) < count or not all(map(math.isfinite, numbers)):
        raise LayoutError(f"{where}: “{' '.join(values[:3])}” should be {count} number{'s' if count > 1 else ''}.")
    return numbers
