"""The pad map on paper: the drawn board to sign, the edges large enough to bond from, what needs somebody, every wire."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reportlab.platypus import Flowable, PageBreak

from padscope.boards.layout import Layout
from padscope.boards.layout_text import written_whole
from padscope.boards.pad_map import PadMap
from padscope.reports.closeups import HasPixels
from padscope.reports.cover import Cover
from padscope.reports.page import built
from padscope.reports.strip_pages import strip_pages
from padscope.reports.tables import actions, wire_table


def write_pdf(pad_map: PadMap, layout: Layout, path: Path, pictures: Sequence[HasPixels] = ()) -> None:
    """The report, whole or not at all; with the map's pictures, in its order, also close-ups of the pads that need somebody.
    OutputError where it cannot be written."""
    written_whole(path, pdf_bytes(pad_map, layout, pictures))


def pdf_bytes(pad_map: PadMap, layout: Layout, pictures: Sequence[HasPixels] = ()) -> bytes:
    """The same pad map gives the same bytes."""
    story: list[Flowable] = [
        Cover(pad_map, layout),
        PageBreak(),
        *strip_pages(pad_map, layout),
        *actions(pad_map, layout, pictures),
        *wire_table(pad_map),
    ]
    return built(story, pad_map, f"Pad map of {pad_map.picture.file}")
