"""Gerber apertures and aperture macros as outlines (Ucamco, The Gerber Layer Format Specification 2024.05, sections 4.4, 4.5).

An outline is (N, 2) corners about the origin, in the file's unit, y up. A macro of several primitives becomes the convex hull
of those that expose where they fill it: exact for the rounded and turned rectangles that board programs write. An L or a cross
is traced, to 1/2000 of its size: its hull would take for metal what is none.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout_choice import circle, rectangle, rounded

Outline = NDArray[np.float64]
OPERATORS: dict[type, Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
MOST_NUMBERS = 20_000
FILLED = 0.995
"""Part of its hull from which on a macro is its hull."""
TRACED_PX = 2000
"""Along the longer side of a macro that is traced."""


def standard(kind: str, p: list[float]) -> tuple[Outline, float]:
    """C, R, O or P with its parameters: outline, and the diameter if it is round (else 0). ValueError if they do not fit."""
    if kind == "C" and p[:1] == [0.0]:  # allowed for lines that leave no copper
        return np.zeros((4, 2)), 0.0
    if not p or any(not math.isfinite(v) for v in p) or p[0] <= 0 or (kind in "RO" and (len(p) < 2 or p[1] <= 0)):
        raise ValueError("sizes above 0 are needed")
    if kind == "C":
        return circle(0, 0, p[0]), p[0]
    if kind == "R":
        return rectangle(0, 0, p[0], p[1]), 0.0
    if kind == "O":
        return rounded(0, 0, p[0], p[1], min(p[:2]) / 2), p[0] if p[0] == p[1] else 0.0
    if kind == "P":
        return _regular(p[0], round(p[1]) if len(p) > 1 else 0, p[2] if len(p) > 2 else 0.0), 0.0
    raise ValueError(f"the aperture {kind} is unknown")


def macro(body: list[str], given: list[float]) -> tuple[Outline, float]:
    """A macro's blocks ("21,1,$1,$2,0,0,30", "$4=$1x2") with the parameters of its definition."""
    values = {f"${n}": v for n, v in enumerate(given, 1)}
    outlines: list[Outline] = []
    diameter, primitives = 0.0, 0
    for block in body:
        if block.startswith("0"):
            continue  # a comment
        if "=" in block:
            name, expression = block.split("=", 1)
            values[name.strip()] = _value(expression, values)
            continue
        code, *rest = block.split(",")
        numbers = [_value(e, values) for e in rest]
        if len(numbers) > MOST_NUMBERS:
            raise ValueError("a primitive has too many numbers")
        primitives += 1
        made = PRIMITIVES.get(code.strip())
        if made is None:
            raise ValueError(f"the macro primitive {code} is unknown")
        if code.strip() in EXPOSED_BY_FIRST and numbers[:1] != [0.0]:
            outlines.append(made(numbers[1:]))
            if code.strip() == "1":
                diameter = numbers[1]
        elif code.strip() not in EXPOSED_BY_FIRST:
            outlines.append(made(numbers))
    if not outlines:
        raise ValueError("a macro exposes nothing")
    if len(outlines) == 1:
        return outlines[0], diameter if primitives == 1 else 0.0
    return _together(outlines), 0.0


def _together(outlines: list[Outline]) -> Outline:
    """The outline around shapes that overlap; of shapes apart that of the largest, never more than there is."""
    points = np.concatenate(outlines)
    if not np.isfinite(points).all() or not np.ptp(points, axis=0).all():
        raise ValueError("sizes above 0 are needed")
    least = points.min(axis=0)
    px = float(np.ptp(points, axis=0).max()) / TRACED_PX
    width, height = np.ceil(np.ptp(points, axis=0) / px).astype(int).tolist()
    filled = np.zeros((height + 1, width + 1), np.uint8)
    for outline in outlines:
        cv2.fillPoly(filled, [np.round((outline - least) / px * 256).astype(np.int32)], 1, shift=8)
    hull = cv2.convexHull(points.astype(np.float32))[:, 0]
    if np.count_nonzero(filled) * px**2 >= FILLED * cv2.contourArea(hull):
        return _exact(np.asarray(hull, np.float64), points)
    traced, _ = cv2.findContours(filled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = cv2.approxPolyDP(max(traced, key=cv2.contourArea), 1.0, True)[:, 0]
    return least + largest * px


def _exact(hull: Outline, points: Outline) -> Outline:
    """The hull's corners with the precision they had before OpenCV rounded them."""
    apart = np.hypot(*(hull[:, None] - points[None]).transpose(2, 0, 1))
    return points[apart.argmin(axis=1)]


def _regular(diameter: float, corners: int, turn_deg: float) -> Outline:
    if not 3 <= corners <= 12:
        raise ValueError(f"a polygon has from 3 to 12 corners, not {corners}")
    t = np.radians(turn_deg) + 2 * np.pi * np.arange(corners) / corners
    return diameter / 2 * np.column_stack([np.cos(t), np.sin(t)])


def _turned(outline: Outline, turn_deg: float) -> Outline:
    """Counterclockwise about the origin, y up."""
    t = math.radians(turn_deg)
    return outline @ np.array([[math.cos(t), math.sin(t)], [-math.sin(t), math.cos(t)]])


def _circle(p: list[float]) -> Outline:
    d, x, y, *turn = p
    return _turned(circle(x, y, d), turn[0] if turn else 0.0)


def _vector_line(p: list[float]) -> Outline:
    w, x0, y0, x1, y1, *turn = p
    along = np.array([x1 - x0, y1 - y0])
    side = np.array([-along[1], along[0]]) * (w / 2 / max(float(np.hypot(*along)), 1e-12))
    start, end = np.array([x0, y0]), np.array([x1, y1])
    return _turned(np.array([start + side, start - side, end - side, end + side]), turn[0] if turn else 0.0)


def _centre_line(p: list[float]) -> Outline:
    w, h, x, y, *turn = p
    return _turned(rectangle(x, y, w, h), turn[0] if turn else 0.0)


def _corner_line(p: list[float]) -> Outline:
    w, h, x, y, *turn = p
    return _turned(rectangle(x + w / 2, y + h / 2, w, h), turn[0] if turn else 0.0)


def _outline(p: list[float]) -> Outline:
    count = round(p[0])
    points = np.array(p[1 : 1 + 2 * (count + 1)]).reshape(-1, 2)
    if len(points) != count + 1 or count < 3:
        raise ValueError("an outline has fewer points than it says")
    return _turned(points[:-1], p[3 + 2 * count] if len(p) > 3 + 2 * count else 0.0)


def _polygon(p: list[float]) -> Outline:
    count, x, y, d, *turn = p
    return _turned(_regular(d, round(count), 0.0) + np.array([x, y]), turn[0] if turn else 0.0)


def _thermal(p: list[float]) -> Outline:
    x, y, outer, *_ = p
    return circle(x, y, outer)


PRIMITIVES: dict[str, Callable[[list[float]], Outline]] = {
    "1": _circle,
    "2": _vector_line,
    "20": _vector_line,
    "21": _centre_line,
    "22": _corner_line,
    "4": _outline,
    "5": _polygon,
    "6": _thermal,
    "7": _thermal,
}
EXPOSED_BY_FIRST = {"1", "2", "20", "21", "22", "4", "5"}
"""Primitives whose first number says whether they expose (1) or clear (0)."""


def _value(expression: str, values: dict[str, float]) -> float:
    """An expression of numbers, $n, + - x / and brackets; ValueError for anything else."""
    text = re.sub(r"\$\d+", lambda m: f"({values.get(m.group(0), 0.0)!r})", expression.strip())
    try:
        tree = ast.parse(re.sub("[xX]", "*", text), mode="eval").body
        return _computed(tree)
    except (SyntaxError, ZeroDivisionError, RecursionError):
        raise ValueError(f"“{expression.strip()[:40]}” is no number") from None


def _computed(node: Any) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return float(node.value)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return float(OPERATORS[type(node.op)](_computed(node.left), _computed(node.right)))
    if isinstance(node, ast.UnaryOp) and type(node.op) in OPERATORS:
        return float(OPERATORS[type(node.op)](_computed(node.operand)))
    raise ValueError("an expression holds more than numbers, $n, + - x /")
