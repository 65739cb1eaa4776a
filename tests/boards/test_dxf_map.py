"""The DXF, read back by the library that CAD scripts use."""

import io
import os
from pathlib import Path

import ezdxf
import pytest
from ezdxf.document import Drawing

from padscope.boards.dxf_map import dxf_text, write_dxf
from padscope.boards.layout import Layout
from padscope.boards.pad_map import Verdict
from padscope.errors import OutputError
from reference_maps import LAYOUT, MAP, PADS


@pytest.fixture(scope="module")
def drawing() -> Drawing:
    return ezdxf.read(io.StringIO(dxf_text(MAP, LAYOUT)))


def named(drawing: Drawing, kind: str, layer: str) -> dict[str, list[tuple[float, float]]]:
    """Entities of a kind on a layer by what they are named after."""
    found = {}
    for e in drawing.modelspace().query(f'{kind}[layer=="{layer}"]'):
        name = e.get_xdata("PADSCOPE")[0].value
        if kind == "LWPOLYLINE":
            found[name] = [(round(x, 6), round(y, 6)) for x, y in e.get_points("xy")]
        else:
            found[name] = [tuple(e.dxf.start)[:2], tuple(e.dxf.end)[:2]]
    return found


def test_the_drawing_is_sound_in_micrometres_and_says_what_it_was_made_from(drawing: Drawing) -> None:
    assert drawing.audit().errors == []
    assert drawing.header["$INSUNITS"] == 13
    facts = dict(drawing.header.custom_vars)
    assert facts["PICTURE_SHA256"] == "ab" * 32
    assert facts["RULES"] == "standard"


def test_every_pad_lies_on_the_layer_of_its_verdict(drawing: Drawing) -> None:
    for result in MAP.pads:
        assert f"pad {result.pad}" in named(drawing, "LWPOLYLINE", result.verdict.value)
    corners = named(drawing, "LWPOLYLINE", "OK")["pad A"]
    assert corners == [(100.0, -136.5), (1100.0, -136.5), (1100.0, -263.5), (100.0, -263.5)]


def test_wires_that_can_land_have_a_line_where_they_land(drawing: Drawing) -> None:
    assert named(drawing, "LINE", "OK_WIRES")["wire A-1"] == [(537.5, -200.0), (662.5, -200.0)]
    shifted = named(drawing, "LINE", "OK_SHIFT_WIRES")
    assert shifted["wire B-2"] == [(417.5, -600.0), (542.5, -600.0)]
    assert set(named(drawing, "LINE", "REDUCED_WIRES")) == {"wire C-1", "wire C-3"}
    assert named(drawing, "LINE", "NOT_BONDABLE_WIRES") == {}
    assert named(drawing, "LINE", "SHIFTS") == {"wire B-2": [(600.0, -600.0), (480.0, -600.0)]}


def test_fiducials_are_there_to_lay_the_drawing_on_the_board(drawing: Drawing) -> None:
    circles = list(drawing.modelspace().query("CIRCLE"))
    assert [(tuple(c.dxf.center)[:2], c.dxf.radius) for c in circles] == [
        ((100.0, -50.0), 50.0),
        ((5600.0, -1300.0), 50.0),
    ]


def test_each_verdict_has_its_layers_even_if_no_pad_is_on_them() -> None:
    layers = {layer.dxf.name for layer in ezdxf.read(io.StringIO(dxf_text(MAP, Layout("few", PADS[:1], ())))).layers}
    assert {v.value for v in Verdict} | {f"{v.value}_WIRES" for v in Verdict} <= layers


def test_the_file_is_written_whole(tmp_path: Path) -> None:
    write_dxf(MAP, LAYOUT, tmp_path / "six.dxf")
    assert ezdxf.readfile(tmp_path / "six.dxf").dxfversion == "AC1024"
    with pytest.raises(OutputError):
        write_dxf(MAP, LAYOUT, tmp_path / "absent" / "six.dxf")
    assert os.listdir(tmp_path) == ["six.dxf"]
