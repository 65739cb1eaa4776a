"""The pad map as DXF, for CAD and machines that import it: one layer per verdict, and one for its wires.

Units are µm. DXF has y up and the layout y down, so every y is negated: the drawing looks like the board, it is not mirrored.
Each wire is a LINE along its foot at the landing point and the foot's outline, with the wire's id as extended data.
"""

from __future__ import annotations

import io
from pathlib import Path

import ezdxf
from ezdxf.document import Drawing
from ezdxf.enums import TextEntityAlignment
from ezdxf.layouts.layout import Modelspace

from padscope.boards.layout import Layout
from padscope.boards.layout_text import written_whole
from padscope.boards.pad_map import Landing, PadMap, PadResult, Polygon, Verdict
from padscope.boards.reasons import foot_axis, foot_polygon, is_shifted

MICRONS = 13  # $INSUNITS
APPLICATION = "PADSCOPE"
WIRES = "_WIRES"
FIDUCIALS, DEFECTS, SHIFTS = "FIDUCIALS", "DEFECTS", "SHIFTS"
COLOURS = {
    Verdict.OK: (0, 158, 115),
    Verdict.OK_SHIFT: (86, 180, 233),
    Verdict.REDUCED: (230, 159, 0),
    Verdict.RE_CLEAN: (240, 228, 66),
    Verdict.NOT_BONDABLE: (213, 94, 0),
    Verdict.UNKNOWN: (140, 140, 140),
}


def write_dxf(pad_map: PadMap, layout: Layout, path: Path) -> None:
    """Whole or not at all; OutputError where it cannot be written."""
    written_whole(path, dxf_text(pad_map, layout))


def dxf_text(pad_map: PadMap, layout: Layout) -> str:
    """The drawing as DXF text; pads that the layout does not have are left out."""
    drawing = ezdxf.new("R2010", units=MICRONS)
    drawing.appids.add(APPLICATION)
    _name(drawing, pad_map)
    for verdict, colour in COLOURS.items():
        for name in (verdict.value, verdict.value + WIRES):
            drawing.layers.add(name, true_color=ezdxf.colors.rgb2int(colour))
    for name in (FIDUCIALS, DEFECTS, SHIFTS):
        drawing.layers.add(name)
    space = drawing.modelspace()
    for f in layout.fiducials:
        space.add_circle((f.x_um, -f.y_um), f.diameter_um / 2, dxfattribs={"layer": FIDUCIALS})
        space.add_text(f.name, height=100, dxfattribs={"layer": FIDUCIALS, "insert": (f.x_um, -f.y_um)})
    for result in pad_map.pads:
        if result.pad in layout.pad:
            _draw_pad(space, layout, result)
    out = io.StringIO()
    drawing.write(out)
    return out.getvalue()


def _draw_pad(space: Modelspace, layout: Layout, result: PadResult) -> None:
    pad, layer = layout.pad[result.pad], result.verdict.value
    outline = space.add_lwpolyline(
        _up([(float(x), float(y)) for x, y in pad.corners_um]), close=True, dxfattribs={"layer": layer}
    )
    outline.set_xdata(APPLICATION, [(1000, f"pad {pad.id}"), (1000, f"verdict {result.verdict}")])
    height = min(60.0, pad.h_um / 2, pad.w_um / 2)
    at = (
        float(pad.corners_um[:, 0].min()) + height / 2,
        -pad.y_um,
    )  # at the pad's left end, clear of the feet in its middle
    name = space.add_text(pad.id, height=height, dxfattribs={"layer": layer})
    name.set_placement(at, align=TextEntityAlignment.MIDDLE_LEFT)
    for d in result.defects:
        x0, y0, x1, y1 = d.box_um
        box = space.add_lwpolyline(
            _up(((x0, y0), (x1, y0), (x1, y1), (x0, y1))), close=True, dxfattribs={"layer": DEFECTS}
        )
        box.set_xdata(APPLICATION, [(1000, f"pad {pad.id}"), (1000, f"class {d.defect_class}")])
    for m in result.landings:
        _draw_wire(space, m, layer + WIRES)


def _draw_wire(space: Modelspace, landing: Landing, layer: str) -> None:
    if landing.proposed_um is None:
        return
    (start, end), names = _up(foot_axis(landing, landing.proposed_um)), [(1000, f"wire {landing.wire}")]
    if landing.placed_by:
        names.append((1000, f"placed by hand by {landing.placed_by}"[:250]))
    space.add_line(start, end, dxfattribs={"layer": layer}).set_xdata(APPLICATION, names)
    foot = space.add_lwpolyline(
        _up(foot_polygon(landing, landing.proposed_um)), close=True, dxfattribs={"layer": layer}
    )
    foot.set_xdata(APPLICATION, names)
    (point,) = _up([landing.proposed_um])
    space.add_point(point, dxfattribs={"layer": layer}).set_xdata(APPLICATION, names)
    if is_shifted(landing):
        planned, proposed = _up([landing.planned_um, landing.proposed_um])
        space.add_line(planned, proposed, dxfattribs={"layer": SHIFTS}).set_xdata(APPLICATION, names)


def _name(drawing: Drawing, pad_map: PadMap) -> None:
    made = pad_map.provenance
    facts = {
        "PICTURE": pad_map.picture.file,
        "PICTURE_SHA256": pad_map.picture.sha256,
        "LAYOUT": made.layout,
        "LAYOUT_SHA256": made.layout_sha256,
        "MODEL": made.detector,
        "MODEL_SHA256": made.model_sha256,
        "RULES": made.rules,
        "RULES_SHA256": made.rules_sha256,
        "CREATED_AT": made.created_at,
        "SOFTWARE": made.software,
    }
    for name, value in facts.items():
        drawing.header.custom_vars.append(name, value)


def _up(points: Polygon | list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x, -y) for x, y in points]
