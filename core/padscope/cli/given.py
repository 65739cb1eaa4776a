"""What a person says about pictures on the command line: their scale, the board on them."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from padscope.boards.serial import parse_serial
from padscope.errors import SerialError, UsageError
from padscope.pictures.picture import open_picture
from padscope.pictures.scales import ScaleFound, two_point_scale, typed_scale
from padscope.store.database import Project

SHORTEST_PX = 10.0
"""Points closer than this give a scale that is wrong by 10 % or more: nobody points better than a pixel."""
BY_A_PERSON = ("typed", "two-point")


def given_scale(arguments: argparse.Namespace) -> ScaleFound | None:
    """`--um-per-px` or `--two-points`; UsageError for both, and for points that give no scale."""
    if arguments.two_points is None:
        return None if arguments.um_per_px is None else typed_scale(arguments.um_per_px)
    if arguments.um_per_px is not None:
        raise UsageError("Give the scale once: --um-per-px or --two-points, not both.")
    x0, y0, x1, y1, um = arguments.two_points
    apart = math.dist((x0, y0), (x1, y1))
    if not apart >= SHORTEST_PX:
        raise UsageError(f"--two-points: points {apart:.3g} px apart give no scale; take two that lie far apart.")
    try:
        return two_point_scale(um, apart)
    except ValueError as error:
        raise UsageError(f"--two-points: {error}; give X0 Y0 X1 Y1 in pixels and their distance in µm.") from None


def kept_scale(project: Project | None, path: Path) -> ScaleFound | None:
    """What a person said of the picture before, as the project keeps it."""
    if project is None:
        return None
    with open_picture(path) as picture:
        row = project.picture(picture.sha256)
    if row is None or row.scale.source not in BY_A_PERSON or row.scale.um_per_px is None:
        return None
    return ScaleFound(row.scale.um_per_px, row.scale.source, note="kept in the project")


def given_module(text: str | None) -> str:
    """`--module`; UsageError where it is no serial number."""
    if text is None:
        return ""
    try:
        return parse_serial(text).text
    except SerialError as error:
        raise UsageError(f"--module: {error}") from None
