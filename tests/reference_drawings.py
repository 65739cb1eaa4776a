"""What tests of drawn layouts share: small files, and where a pad lies."""

from __future__ import annotations

from pathlib import Path

from padscope.boards.layout import Pad


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def box(pad: Pad) -> list[float]:
    """x0, y0, x1, y1 in µm, to a nanometre."""
    low, high = pad.corners_um.min(axis=0), pad.corners_um.max(axis=0)
    return [round(float(v), 3) for v in (*low, *high)]
