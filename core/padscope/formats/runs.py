"""Run lengths: COCO's (down the columns of the whole picture) and CVAT's (along the rows of a box), both background first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from padscope.masks.shapes import Region
from padscope.types import Box, Mask

Counts = NDArray[np.int64]
BAND = 256
"""Columns that are unfolded at once."""


def counts_of(inside: Mask) -> Counts:
    """Lengths of the runs along the rows of (h, w), background first (perhaps 0); together they are all pixels."""
    flat = np.concatenate([[False], np.asarray(inside, bool).ravel(), [False]])
    turns = np.flatnonzero(flat[1:] != flat[:-1])
    return np.diff(
        np.concatenate([[0], turns, [inside.size] if not len(turns) or turns[-1] < inside.size else []])
    ).astype(np.int64)


def inside_of(counts: Counts, height: int, width: int) -> Mask:
    """The inverse; ValueError where the lengths do not fill the box."""
    if (len(counts) and (counts.min() < 0 or counts.sum() != height * width)) or (not len(counts) and height * width):
        raise ValueError(f"the run lengths fill {int(np.sum(counts))} of {height * width} px")
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape(height, width)


def coco_counts(region: Region, width: int, height: int) -> Counts:
    """Of a region inside a picture: down the columns, the whole picture's pixels."""
    columns = np.asarray(region.inside, bool).T
    framed = np.pad(columns, ((0, 0), (1, 1)))
    x, y = np.nonzero(framed[:, 1:] & ~framed[:, :-1])
    _, ends = np.nonzero(framed[:, :-1] & ~framed[:, 1:])
    first = (region.box.x0 + x.astype(np.int64)) * height + region.box.y0
    starts, stops = first + y, first + ends
    keep = starts[1:] != stops[:-1]  # a run that goes on in the next column is one run
    starts = starts[np.concatenate([[True], keep])] if len(starts) else starts
    stops = stops[np.concatenate([keep, [True]])] if len(stops) else stops
    turns = np.column_stack([starts, stops]).ravel()
    total = width * height
    tail = [total] if not len(turns) or turns[-1] < total else []
    return np.diff(np.concatenate([[0], turns, tail])).astype(np.int64)


def coco_regions(counts: Counts, width: int, height: int) -> Iterator[Region]:
    """The regions such lengths paint, a band of columns each; ValueError where they do not fill the picture."""
    if len(counts) == 0 or counts.min() < 0 or counts.sum() != width * height:
        raise ValueError(f"the run lengths fill {int(np.sum(counts))} of {width * height} px")
    turns = np.cumsum(counts)
    starts, stops = turns[:-1:2], turns[1::2]
    starts, stops = starts[stops > starts], stops[stops > starts]
    first, last = starts // height, (stops - 1) // height
    many = last - first + 1  # columns each run goes through
    run = np.repeat(np.arange(len(starts)), many)
    column = first[run] + np.arange(len(run)) - np.repeat(np.cumsum(many) - many, many)
    upper = np.maximum(starts[run] - column * height, 0)
    lower = np.minimum(stops[run] - column * height, height)
    bands = np.searchsorted(column, np.arange(0, width + BAND, BAND))
    for a, b in itertools.pairwise(bands):
        if a < b:
            x0, x1 = int(column[a]), int(column[b - 1]) + 1
            y0, y1 = int(upper[a:b].min()), int(lower[a:b].max())
            steps = np.zeros((x1 - x0, y1 - y0 + 1), np.int8)
            np.add.at(steps, (column[a:b] - x0, upper[a:b] - y0), 1)
            np.add.at(steps, (column[a:b] - x0, lower[a:b] - y0), -1)
            yield Region(Box(x0, y0, x1, y1), (np.cumsum(steps[:, :-1], axis=1, dtype=np.int8) > 0).T)


def counts_to_text(counts: Sequence[int] | Counts) -> str:
    """COCO's compressed form: each length (from the third on its difference to the one two before) in groups of five bits from the
    lowest, bit 6 says that more follow, plus 48 (maskApi.c, rleToString)."""
    values = [int(c) for c in counts]
    out = []
    for k, value in enumerate(values):
        x = value - values[k - 2] if k > 2 else value
        more = True
        while more:
            group = x & 0x1F
            x >>= 5
            more = x != -1 if group & 0x10 else x != 0
            out.append(chr((group | 0x20 if more else group) + 48))
    return "".join(out)


def counts_from_text(text: str) -> Counts:
    """The inverse (maskApi.c, rleFrString); ValueError where the text is none."""
    counts: list[int] = []
    x = shift = 0
    for letter in text:
        group = ord(letter) - 48
        if not 0 <= group < 64 or shift > 60:
            raise ValueError(f"“{letter}” cannot stand in compressed run lengths")
        x |= (group & 0x1F) << shift
        shift += 5
        if not group & 0x20:
            if group & 0x10:
                x -= 1 << shift
            counts.append(x + counts[-2] if len(counts) > 2 else x)
            x = shift = 0
    if shift:
        raise ValueError("compressed run lengths that are cut off")
    return np.array(counts, np.int64)
