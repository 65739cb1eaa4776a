"""Layouts as DXF: closed outlines on chosen layers are pads, circles are fiducials, text inside an outline names it.

DXF has y up and a layout y down, so every y is negated: the drawing looks like the board. What Padscope itself writes
carries the facts that DXF has no place for as extended data, and comes back as it was.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ezdxf
import numpy as np
from ezdxf import path as outlines
from ezdxf.document import Drawing
from ezdxf.entities import DXFEntity
from numpy.typing import NDArray

from padscope.boards.layout import Layout, Pad, Wire
from padscope.boards.layout_choice import Choice, Shape, circle, layout_of
from padscope.boards.layout_json import layout_from_json, layout_to_json
from padscope.boards.layout_text import read_bytes, written_whole
from padscope.errors import LayoutError

MICRONS = 13  # $INSUNITS
UNITS_UM = {
    1: 25_400.0, 2: 304_800.0, 4: 1e3, 5: 1e4, 6: 1e6, 8: 0.0254, 9: 25.4, 10: 914_400.0, 11: 1e-4, 12: 1e-3, 13: 1.0, 14: 1e5
}  # fmt: skip
"""µm per unit by $INSUNITS: inch, foot, mm, cm, m, microinch, mil, yard, ångström, nm, µm, dm (ezdxf converts no mils)."""
APPLICATION = "PADSCOPE"
PADS, NAMES, WIRES, FIDUCIALS = "PADS", "PAD_NAMES", "WIRES", "FIDUCIALS"
CHUNK = 240
"""Bytes of one piece of extended data; DXF allows 255."""
FLAT_UM = 1.0
"""Curves are followed to this distance."""
SAME_POINT_UM = 0.01
DEEPEST_BLOCKS = 8


def save_layout_dxf(layout: Layout, path: Path | str) -> None:
    """Replaces `path` at once; `load_layout` brings back an equal layout, other programs see outlines, names and circles."""
    written_whole(Path(path), layout_to_dxf(layout))


def layout_to_dxf(layout: Layout) -> str:
    drawing = ezdxf.new("R2010", units=MICRONS)
    drawing.appids.add(APPLICATION)
    for name in (PADS, NAMES, WIRES, FIDUCIALS):
        drawing.layers.add(name)
    facts = layout_to_json(layout)
    space = drawing.modelspace()
    for pad, pad_facts in zip(layout.pads, facts["pads"], strict=True):
        outline = space.add_lwpolyline(_up(pad.corners_um), close=True, dxfattribs={"layer": PADS})
        _attach(outline, "pad", pad_facts)
        height = 0.6 * min(pad.w_um, pad.h_um)
        space.add_text(pad.id, height=height, dxfattribs={"layer": NAMES, "insert": (pad.x_um, -pad.y_um)})
    for wire, wire_facts in zip(layout.wires, facts["wires"], strict=True):
        _attach(space.add_lwpolyline(_up(_foot(wire)), close=True, dxfattribs={"layer": WIRES}), "wire", wire_facts)
    for mark, mark_facts in zip(layout.fiducials, facts["fiducials"], strict=True):
        at = (mark.x_um, -mark.y_um)
        _attach(space.add_circle(at, mark.diameter_um / 2, dxfattribs={"layer": FIDUCIALS}), "fiducial", mark_facts)
        space.add_text(mark.name, height=mark.diameter_um / 4, dxfattribs={"layer": FIDUCIALS, "insert": at})
    _attach(space.add_point((0, 0), dxfattribs={"layer": "0"}), "layout", {"name": layout.name})
    out = io.StringIO()
    drawing.write(out)
    return out.getvalue()


def _up(points: NDArray[np.float64]) -> list[tuple[float, float]]:
    return [(float(x), -float(y)) for x, y in points]


def _foot(wire: Wire) -> NDArray[np.float64]:
    return Pad("", wire.x_um, wire.y_um, wire.foot_um[1], wire.foot_um[0], wire.direction_deg).corners_um


def _attach(entity: DXFEntity, what: str, facts: dict[str, Any]) -> None:
    text = json.dumps(facts, ensure_ascii=True)
    pieces = [(1000, text[k : k + CHUNK]) for k in range(0, len(text), CHUNK)]
    entity.set_xdata(APPLICATION, [(1000, what), *pieces])


def load_layout_dxf(path: Path, choice: Choice | None = None) -> Layout:
    """Closed outlines as pads; a file of our own as it was saved, unless something is to be chosen from it."""
    raw = read_bytes(path)
    drawing = _drawing(path)
    own = _own(drawing, path)
    digest = hashlib.sha256(raw).hexdigest()
    if own is not None and choice is None:
        return dataclasses.replace(own, sha256=digest)
    choice = choice or Choice()
    return layout_of(_shapes(drawing, path, choice), choice, path.name, path.stem, digest)


def own_layout(path: Path) -> Layout | None:
    """What Padscope saved into the file; None where it is another program's drawing."""
    raw = read_bytes(path)
    own = _own(_drawing(path), path)
    return None if own is None else dataclasses.replace(own, sha256=hashlib.sha256(raw).hexdigest())


def dxf_shapes(path: Path, choice: Choice, raw: bytes) -> list[Shape]:
    """All closed outlines and circles of the drawing."""
    return _shapes(_drawing(path), path, choice)


def _shapes(drawing: Drawing, path: Path, choice: Choice) -> list[Shape]:
    try:
        return _drawn(drawing, path, choice)
    except (ezdxf.DXFError, TypeError, ZeroDivisionError):  # what ezdxf stumbles over in entities without their numbers
        raise LayoutError(f"{path.name} has entities without their numbers; save the drawing as DXF again.") from None


def _drawn(drawing: Drawing, path: Path, choice: Choice) -> list[Shape]:
    unit = _unit_um(drawing, path, choice)
    mirror = -1.0 if choice.side == "bottom" else 1.0
    frame = np.array([mirror * unit, -unit])
    shapes, texts = [], []
    for entity, layer in _all_entities(drawing, path):
        kind = entity.dxftype()
        if kind in TEXTS:
            words, at = TEXTS[kind](entity)
            texts.append((np.array([at.x, at.y]) * frame, str(words).strip()))
        elif kind == "CIRCLE":
            middle = entity.ocs().to_wcs(entity.dxf.center)  # a mirrored circle lies in a plane seen from behind
            x, y = np.array([middle.x, middle.y]) * frame
            d = 2 * entity.dxf.radius * unit
            shapes.append(
                Shape(circle(x, y, d), "", "", layer, d, FIDUCIALS in layer.upper() or "FID" in layer.upper())
            )
        else:
            shapes += [Shape(c * frame, "", "", layer) for c in _closed(entity, unit)]
    if not shapes:
        raise LayoutError(f"{path.name} has no closed outlines and no circles; draw every pad as a closed polyline.")
    return _named(_once(shapes), texts)


def _drawing(path: Path) -> Drawing:
    try:
        return ezdxf.readfile(path)
    except OSError:  # ezdxf's word for what is no DXF file at all
        raise LayoutError(
            f"{path.name} is not a DXF file; save the drawing as DXF, with text or binary coding."
        ) from None
    except (StopIteration, AttributeError, TypeError):  # what ezdxf stumbles over where a file ends too early
        raise LayoutError(f"{path.name} is cut off or damaged; save the drawing as DXF again.") from None
    except (ezdxf.DXFError, UnicodeDecodeError, ValueError, KeyError, IndexError) as error:
        reason = (str(error).splitlines() or [""])[0][:80]
        raise LayoutError(f"{path.name} is damaged or no DXF file ({reason}).") from None


def _unit_um(drawing: Drawing, path: Path, choice: Choice) -> float:
    if choice.unit_um is not None:
        return choice.unit_um
    if not drawing.units:
        raise LayoutError(f"{path.name} does not say its unit; give the size of one unit in µm (1000 for mm).")
    if drawing.units not in UNITS_UM:
        raise LayoutError(
            f"{path.name} is drawn in a unit for maps or the sky ({drawing.units}); give the size of one unit in µm."
        )
    return UNITS_UM[drawing.units]


def _own(drawing: Drawing, path: Path) -> Layout | None:
    """The layout that Padscope put into the file, None where it is another program's."""
    found: dict[str, list[Any]] = {"pad": [], "wire": [], "fiducial": [], "layout": []}
    for entity in drawing.modelspace():
        if not entity.has_xdata(APPLICATION):
            continue
        what, *pieces = [str(tag.value) for tag in entity.get_xdata(APPLICATION) if tag.code == 1000]
        if what in found:
            try:
                found[what].append(json.loads("".join(pieces)))
            except json.JSONDecodeError:
                return None  # changed by another program: read it as a drawing
    if not found["layout"]:
        return None
    data = {"schema": 1, "pads": found["pad"], "wires": found["wire"], "fiducials": found["fiducial"]}
    return layout_from_json(data | found["layout"][0], path.name, name=path.stem)


def _all_entities(drawing: Drawing, path: Path) -> list[tuple[Any, str]]:
    try:
        return list(_entities(drawing.modelspace()))
    except ezdxf.DXFStructureError as error:  # as an external reference does
        raise LayoutError(
            f"{path.name} uses a part that is not in the file ({str(error)[:80].rstrip('.')}); bind it in, and save again."
        ) from None


def _entities(space: Any, within: str = "0", depth: int = 0) -> Iterator[tuple[Any, str]]:
    """All entities with their layers, blocks taken apart; what a block has on layer 0 lies on the layer the block is put on."""
    for entity in space:
        if not entity.dxf.is_supported("layer"):
            continue  # what only the program that made it knows
        layer = within if entity.dxf.layer == "0" else entity.dxf.layer
        if entity.dxftype() == "INSERT" and depth < DEEPEST_BLOCKS:
            for single in entity.multi_insert() if entity.mcount > 1 else (entity,):  # rows and columns of a block
                yield from _entities(single.virtual_entities(), layer, depth + 1)
            yield from ((attribute, layer) for attribute in entity.attribs)
        else:
            yield entity, layer


def _written(entity: Any) -> tuple[str, Any]:
    """A line of text and where it is placed: at its beginning, its middle or its end."""
    return entity.plain_text(), entity.ocs().to_wcs(entity.get_placement()[1])


TEXTS: dict[str, Callable[[Any], tuple[str, Any]]] = {
    "TEXT": _written,
    "ATTRIB": _written,
    "MTEXT": lambda entity: (entity.plain_text(), entity.dxf.insert),
}


def _once(shapes: list[Shape]) -> list[Shape]:
    """Without what is drawn a second time on the same layer, as an outline and its hatch are."""
    kept: dict[tuple[object, ...], Shape] = {}
    for shape in shapes:
        box = np.round([shape.corners_um.min(axis=0), shape.corners_um.max(axis=0)], 1)
        kept.setdefault((shape.layer, shape.diameter_um, *box.ravel()), shape)
    return list(kept.values())


def _closed(entity: Any, unit: float) -> Iterator[NDArray[np.float64]]:
    """Outlines (N, 2) in the drawing's frame."""
    kind = entity.dxftype()
    if kind in ("SOLID", "TRACE"):
        yield np.array([(v.x, v.y) for v in entity.wcs_vertices(close=False)], dtype=np.float64)
        return
    if kind not in ("LWPOLYLINE", "POLYLINE", "HATCH", "SPLINE", "ELLIPSE"):
        return
    try:
        paths = outlines.from_hatch(entity) if kind == "HATCH" else [outlines.make_path(entity)]
    except (TypeError, ValueError, ezdxf.DXFError):
        return
    for line in paths:
        points = np.array([(v.x, v.y) for v in line.flattening(FLAT_UM / unit)], dtype=np.float64).reshape(-1, 2)
        if len(points) < 4 or not line.is_closed:
            continue
        step = np.hypot(*(points - np.roll(points, 1, axis=0)).T) * unit
        points = points[step > SAME_POINT_UM]
        if len(points) >= 3:
            yield points


def _named(shapes: list[Shape], texts: list[tuple[NDArray[np.float64], str]]) -> list[Shape]:
    """Each shape with the text that lies within its box, the nearest to its middle."""
    named = []
    for shape in shapes:
        low, high = shape.corners_um.min(axis=0), shape.corners_um.max(axis=0)
        within = [
            (np.hypot(*(at - (low + high) / 2)), word) for at, word in texts if (at >= low).all() and (at <= high).all()
        ]
        named.append(dataclasses.replace(shape, name=min(within)[1]) if within else shape)
    return named
