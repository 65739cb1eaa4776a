"""Masks the slow and obvious way: one whole array, one pixel after the other."""

from __future__ import annotations

import itertools

import numpy as np


def near_line(points, radius, width, height):
    """Pixels within radius of a line of points."""
    out = np.zeros((height, width), bool)
    pieces = list(itertools.pairwise(points)) or [(points[0], points[0])]
    for (ax, ay), (bx, by) in pieces:
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        for row in range(height):
            for col in range(width):
                x, y = col - ax, row - ay
                t = 0.0 if length == 0 else min(max((x * dx + y * dy) / length, 0.0), 1.0)
                if (x - t * dx) ** 2 + (y - t * dy) ** 2 <= radius * radius:
                    out[row, col] = True
    return out


def winding(points, x, y):
    """How often an outline turns around a point (crossings to its right; edges half-open in y)."""
    turns = 0
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        for sign, (tx, ty), (ux, uy) in ((1, (ax, ay), (bx, by)), (-1, (bx, by), (ax, ay))):
            if ty <= y < uy and tx + (y - ty) * ((ux - tx) / (uy - ty)) <= x:
                turns += sign
    return turns


def in_polygon(points, width, height):
    return np.array([[winding(points, col, row) != 0 for col in range(width)] for row in range(height)])


def reached(alike, x, y):
    """Pixels reached from (x, y) over alike neighbours, one step after the other."""
    out = np.zeros(alike.shape, bool)
    todo = [(y, x)]
    while todo:
        row, col = todo.pop()
        if 0 <= row < alike.shape[0] and 0 <= col < alike.shape[1] and alike[row, col] and not out[row, col]:
            out[row, col] = True
            todo += [(row + 1, col), (row - 1, col), (row, col + 1), (row, col - 1)]
    return out


def area_px(ring):
    """Pixels an outline of corners (N, 2) encloses (the shoelace formula); negative for the outline of a hole."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in itertools.pairwise([*ring.tolist(), ring[0].tolist()])) / 2
