"""Connected parts of single chunks, and which of them hang together across the borders of chunks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from padscope.masks.class_mask import CHUNK, Pixels, Place

Ids = NDArray[np.int64]
Numbers = NDArray[np.int32]
Number = TypeVar("Number", bound=np.integer)
TOUCHING = ((0, 1), (1, 0), (1, 1), (1, -1))
"""From a chunk to the neighbours after it: right, below, and the two diagonal ones below."""


@dataclass(frozen=True, eq=False)
class ChunkPieces:
    """The parts of one chunk, each of one class (8 neighbours): their `values` and `areas` (n,), and along the chunk's edges
    (4, 256; top, bottom, left, right) the classes and which part it is, from 0, -1 on bare ground."""

    values: Ids
    areas: Ids
    edge_classes: Pixels
    edge_parts: Numbers


def chunk_pieces(chunk: Pixels) -> tuple[ChunkPieces, Numbers, NDArray[np.int32]]:
    """With them which part every pixel is (256, 256), from 0, -1 on bare ground, and their boxes (n, 4): x, y, width, height."""
    import cv2  # late: the window is on the screen before it is loaded

    parts = np.full(chunk.shape, -1, np.int32)
    values: list[int] = []
    found = [np.zeros((0, 5), np.int32)]
    for value in np.flatnonzero(np.bincount(chunk.ravel(), minlength=256)[1:]) + 1:
        _, labels, stats, _ = cv2.connectedComponentsWithStats((chunk == value).view(np.uint8), connectivity=8)
        np.copyto(parts, labels + (len(values) - 1), where=labels > 0)
        values += [int(value)] * (len(stats) - 1)
        found.append(stats[1:])
    stats = np.concatenate(found)
    areas = stats[:, 4].astype(np.int64)
    return ChunkPieces(np.array(values, np.int64), areas, _edges(chunk), _edges(parts)), parts, stats[:, :4]


def linked(chunks: Mapping[Place, ChunkPieces]) -> Ids:
    """Which component each part belongs to, from 0: parts of one class that touch across a border of chunks are one. The parts in
    the order of the chunks."""
    from scipy.sparse import coo_array  # late, like cv2
    from scipy.sparse.csgraph import connected_components

    many = np.array([len(found.values) for found in chunks.values()], np.int64)
    count = int(many.sum())
    if not count:
        return np.zeros(0, np.int64)
    links = np.concatenate([np.zeros((0, 2), np.int64), *_links(chunks, np.cumsum(many) - many)])
    graph = coo_array((np.ones(len(links), bool), (links[:, 0], links[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _links(chunks: Mapping[Place, ChunkPieces], first: Ids) -> Iterator[Ids]:
    """Pairs of parts (n, 2) of one class that are neighbours across a border, all chunks at once."""
    index = {place: i for i, place in enumerate(chunks)}
    classes = np.stack([found.edge_classes for found in chunks.values()])
    parts = np.stack([found.edge_parts for found in chunks.values()]) + first[:, None, None]
    for dy, dx in TOUCHING:
        pairs = [(i, index[r + dy, c + dx]) for (r, c), i in index.items() if (r + dy, c + dx) in index]
        here, there = np.array(pairs, np.int64).reshape(-1, 2).T
        edge, facing = (1, 0) if dy else (3, 2)  # bottom meets top, right meets left
        one = other = slice(None)
        if dy and dx:  # only their corners meet
            one, other = (slice(CHUNK - 1, CHUNK), slice(0, 1)) if dx > 0 else (slice(0, 1), slice(CHUNK - 1, CHUNK))
        a, b = classes[here, edge][:, one], classes[there, facing][:, other]
        of_a, of_b = parts[here, edge][:, one], parts[there, facing][:, other]
        for shift in (-1, 0, 1):
            width = a.shape[1]
            mine, theirs = slice(max(-shift, 0), width - max(shift, 0)), slice(max(shift, 0), width - max(-shift, 0))
            touch = (a[:, mine] == b[:, theirs]) & (a[:, mine] > 0)
            found = np.column_stack([of_a[:, mine][touch], of_b[:, theirs][touch]])
            again = np.zeros(len(found), bool)  # neighbours along a border are mostly the same pair
            again[1:] = (found[1:] == found[:-1]).all(axis=1)
            yield found[~again]


def _edges(chunk: NDArray[Number]) -> NDArray[Number]:
    return np.stack([chunk[0], chunk[-1], chunk[:, 0], chunk[:, -1]])
