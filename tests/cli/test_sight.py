"""What the microscope and stitching leave in a picture, on its way through an inspection."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from padscope.boards.pad_map import Verdict
from padscope.boards.rules import load_rules
from padscope.cli import main
from padscope.pictures.picture import open_picture
from padscope.store.artifacts import load_model
from padscope.types import finish
from padscope.workflows.inspect import Inspection, Inspector
from padscope.workflows.train import posed_boards


@pytest.fixture(scope="module")
def inspected(bench) -> Callable[[Path], Inspection]:
    inspector = Inspector(load_model(bench.model), bench.layout, load_rules(None), device="cpu")
    return lambda path: finish(inspector.inspect(path))


@pytest.fixture(scope="module")
def pixels(bench) -> np.ndarray:
    with open_picture(bench.blemished) as picture:
        return picture.read(picture.box)


@pytest.fixture(scope="module")
def as_it_is(bench, inspected) -> Inspection:
    return inspected(bench.blemished)


def test_black_borders_and_a_scale_bar_hide_pads(bench, inspected, as_it_is, pixels, tmp_path: Path) -> None:
    """A stitched picture whose lower right corner is filled up, with a 1 mm bar that is 4 % too short."""
    pixels = pixels.copy()
    pads = {p.id: p for p in bench.layout.pads}
    pose = as_it_is.pose.um_to_px
    x, y = np.rint(pose.apply(pads["R12"].corners_um).mean(axis=0)).astype(int)
    pixels[y - 10 :, x:] = 0
    x, y, length = 1200, len(pixels) - 70, round(1000 / 2.5 * 0.96)
    cv2.rectangle(pixels, (x, y - 1), (x + length, y + 1), (255, 255, 255), -1)
    for end in (x, x + length):
        cv2.rectangle(pixels, (end - 1, y - 9), (end + 1, y + 9), (255, 255, 255), -1)
    path = tmp_path / "stitched.png"
    Image.fromarray(pixels).save(path, compress_level=1)
    found = inspected(path)
    before = {p.pad: p for p in as_it_is.pad_map.pads}
    after = {p.pad: p for p in found.pad_map.pads}
    assert after["R12"].verdict is Verdict.UNKNOWN
    assert "filled up with black" in " ".join(after["R12"].reasons)
    assert "was not inspected" not in " ".join(after["R12"].reasons)  # one reason, and the right one
    changed = {k for k in after if after[k].verdict is not before[k].verdict}
    assert changed <= {"R11", "R12"}
    assert np.isnan(found.level[-1, -1])
    assert any("The scale bar in the picture is" in note for note in found.pad_map.notes)
    (board,) = finish(posed_boards([path], bench.layout))
    assert "R12" in {c.pad.id for c in board.cuts(bench.layout) if not c.seen}  # nothing is learned from it


@pytest.mark.parametrize("kind", ["jpeg-1", "jpeg-6", "tiff-8"])
def test_an_orientation_tag_moves_nothing(inspected, as_it_is, pixels, tmp_path: Path, kind: str) -> None:
    """Places in a pad map are places of stored pixels, whatever the file says about showing them."""
    name, orientation = kind.split("-")
    path = tmp_path / f"turned.{name}"
    if name == "jpeg":
        exif = Image.Exif()
        exif[274] = int(orientation)
        data = io.BytesIO()
        Image.fromarray(pixels).save(data, "JPEG", quality=97, exif=exif)
        path.write_bytes(data.getvalue())
    else:
        tifffile.imwrite(path, pixels, photometric="rgb", extratags=[(274, "H", 1, int(orientation), True)])
    found = inspected(path)
    with open_picture(path) as picture:
        assert picture.orientation == int(orientation)
    assert (found.pad_map.picture.width_px, found.pad_map.picture.height_px) == pixels.shape[1::-1]
    np.testing.assert_allclose(found.pose.um_to_px.rows, as_it_is.pose.um_to_px.rows, atol=0.4)
    assert any("orientation" in note for note in found.pad_map.notes) == (orientation != "1")
    if name == "tiff":
        assert [p.verdict for p in found.pad_map.pads] == [p.verdict for p in as_it_is.pad_map.pads]


def test_a_picture_of_sixteen_bits_is_judged_alike(inspected, as_it_is, pixels, tmp_path: Path) -> None:
    """A shade darker than the same of eight bits: cut to eight, most pixels would be a whole grey darker."""
    path = tmp_path / "deep.tif"
    tifffile.imwrite(path, np.maximum(pixels.astype(np.int32) * 257 - 1, 0).astype(np.uint16), photometric="rgb")
    found = inspected(path)
    np.testing.assert_allclose(found.level, as_it_is.level, atol=0.01)
    assert [p.verdict for p in found.pad_map.pads] == [p.verdict for p in as_it_is.pad_map.pads]


def test_info_shows_the_bar_and_what_it_contradicts(pixels, tmp_path: Path, capsys) -> None:
    small = pixels[:600, 700:1700].copy()
    cv2.rectangle(small, (50, 549), (250, 551), (255, 255, 255), -1)
    for end in (50, 250):
        cv2.rectangle(small, (end - 1, 541), (end + 1, 559), (255, 255, 255), -1)
    path = tmp_path / "bar.png"
    Image.fromarray(small).save(path)

    def facts(*options: str) -> dict:
        assert main(["info", str(path), *options, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    assert facts()["scale_bar"]["length_px"] == pytest.approx(200, abs=0.5)
    assert facts()["scale_conflict"] is None  # nothing to contradict
    assert facts()["photographed_fraction"] == 1.0
    assert facts("--um-per-px", "2.5")["scale_bar"]["length_um"] == 500
    wrong = facts("--um-per-px", "2.6")
    assert wrong["scale_bar"]["length_um"] is None
    assert "if that is 500 µm, a pixel is 2.5 µm" in wrong["scale_conflict"]
    pointed = facts("--two-points", "50", "550", "250", "550", "500")
    assert (pointed["um_per_px"], pointed["scale_source"], pointed["scale_verified"]) == (2.5, "two-point", False)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--two-points", "5", "5", "5", "9", "100"), "points 4 px apart give no scale"),
        (("--two-points", "5", "5", "500", "9", "0"), "cannot be 0.0 µm long"),
        (("--two-points", "5", "5", "500", "9", "100", "--um-per-px", "2"), "not both"),
    ],
)
def test_points_that_give_no_scale(bench, capsys, options: tuple[str, ...], says: str) -> None:
    assert main(["info", str(bench.blemished), *options]) == 2
    assert says in capsys.readouterr().err


def test_a_persons_scale_is_kept_by_the_project(bench, tmp_path: Path, capsys) -> None:
    """Given once; the next inspection with the project believes it again."""
    command = ["inspect", str(bench.blemished), "--layout", str(bench.layout_file), "--model", str(bench.model)]
    command += ["--out", str(tmp_path / "maps"), "--project", str(tmp_path / "p.padscope")]
    for options in (("--two-points", "0", "0", "400", "0", "1000"), ()):
        assert main([*command, *options, "--module", "20upgpq2110303"]) == 0
        made = json.loads((tmp_path / "maps" / "blemished.padmap.json").read_text("utf-8"))
        assert (made["picture"]["um_per_px"], made["picture"]["scale_source"]) == (2.5, "two-point")
        assert made["module"] == "20UPGPQ2110303"
    assert main([*command, "--module", "20UPGPQ211030"]) == 2
    assert "13 characters" in capsys.readouterr().err
