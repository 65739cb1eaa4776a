"""A pad's tile: its own pixels inside, its own mirror image outside, never the board around it."""

import numpy as np
import pytest

from padscope.boards.layout import Layout, Pad
from padscope.datasets.board_tiles import BoardTiles, PosedBoard
from padscope.datasets.pad_tiles import RIM_PX, pad_batches, pad_cuts, pad_tile
from padscope.types import Affine

PAD = Pad("A1", 300.0, 200.0, 240.0, 100.0)
PENTAGON = Pad(
    "P1", 300.0, 200.0, 200.0, 200.0, polygon_um=((200, 150), (320, 110), (400, 190), (330, 300), (210, 260))
)


class Memory:
    """A picture in memory."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels, self.height, self.width = pixels, *pixels.shape[:2]

    def read(self, box, step=1):
        return self.pixels[box.slices][::step, ::step]

    def __enter__(self):
        return self

    def __exit__(self, *problem) -> None:
        pass


def turned(degrees: float, scale: float = 1.0, tx: float = 40.0, ty: float = 30.0) -> Affine:
    t = np.radians(degrees)
    return Affine(scale * np.cos(t), -scale * np.sin(t), tx, scale * np.sin(t), scale * np.cos(t), ty)


def board(pad: Pad, um_to_px: Affine, size: int = 640, metal: int = 200, mask: int = 40) -> Memory:
    """Flat metal on flat solder mask, every pixel decided by its centre."""
    y, x = np.mgrid[:size, :size]
    um = um_to_px.inverse().apply(np.stack([x, y], axis=-1).astype(float))
    corners = pad.corners_um
    edges = np.roll(corners, -1, axis=0) - corners
    rel = um[..., None, :] - corners
    on_pad = (edges[:, 0] * rel[..., 1] - edges[:, 1] * rel[..., 0] >= 0).all(axis=-1)
    return Memory(np.where(on_pad[..., None], metal, mask).astype(np.uint8).repeat(3, axis=2))


@pytest.mark.parametrize("pad", [PAD, PENTAGON], ids=lambda p: p.id)
@pytest.mark.parametrize("degrees", [0.0, 0.7, -3.0, 30.0, 90.0, 180.0])
def test_no_solder_mask_reaches_the_tile(pad: Pad, degrees: float) -> None:
    pose = turned(degrees, tx=300, ty=200) if abs(degrees) > 45 else turned(degrees, tx=60, ty=60)
    centre = pose.apply(np.array([pad.x_um, pad.y_um]))
    pose = Affine(pose.a, pose.b, pose.tx + 320 - centre[0], pose.c, pose.d, pose.ty + 320 - centre[1])
    picture = board(pad, pose)
    (cut,) = pad_cuts(Layout("t", (pad,), ()), pose, picture.width, picture.height, 64)
    pixels, inside, _ = pad_tile(picture, cut, pose)
    assert cut.seen
    assert np.allclose(pixels, 200 / 255, atol=1e-3)
    as_photographed, same, _ = pad_tile(picture, cut, pose, mirrored=False)
    assert as_photographed[0][~same].min() < 0.2, "otherwise this test proves nothing"
    assert abs(inside.sum() - pad.area_um2 * abs(pose.determinant)) < 0.03 * inside.sum()


def test_inside_the_rim_every_pixel_is_the_pictures_own() -> None:
    rng = np.random.default_rng(3)
    picture = Memory(rng.integers(0, 255, (480, 640, 3), dtype=np.uint8))
    pose = turned(2.0, 1.1)
    (cut,) = pad_cuts(Layout("t", (PAD,), ()), pose, 640, 480, 64)
    pixels, inside, places = pad_tile(picture, cut, pose)
    x, y = np.meshgrid(np.arange(cut.box.x0, cut.box.x1), np.arange(cut.box.y0, cut.box.y1))
    um = pose.inverse().apply(np.stack([x, y], axis=-1).astype(float)) - (PAD.x_um, PAD.y_um)
    rim = (RIM_PX + 0.01) / pose.scale
    core = (np.abs(um[..., 0]) < 120 - rim) & (np.abs(um[..., 1]) < 50 - rim)
    own = picture.pixels[cut.box.slices].astype(np.float32) / 255
    assert inside[core].all()
    assert np.array_equal(pixels[:, core], np.moveaxis(own, -1, 0)[:, core])
    assert np.allclose(places[0][core], (um[..., 0][core] + 120) / 240, atol=1e-4)
    assert np.allclose(places[1][core], (um[..., 1][core] + 50) / 100, atol=1e-4)


def test_a_stripe_continues_as_its_mirror_image() -> None:
    """Unturned, so that the reflection can be written down: beyond the rim's middle line, pixel k is pixel -k."""
    picture = Memory(np.arange(640, dtype=np.uint8)[None, :, None].repeat(480, 0).repeat(3, 2) // 4 * 4)
    pose = turned(0.0, 1.0, 0.0, 0.0)
    (cut,) = pad_cuts(Layout("t", (PAD,), ()), pose, 640, 480, 64)
    pixels, _, _ = pad_tile(picture, cut, pose)
    left = 300 - 120 + RIM_PX - cut.box.x0
    row = pixels[0, 200 - cut.box.y0]
    for k in range(1, 40):
        assert np.isclose(row[int(left) - k], row[int(left) + k], atol=1e-6)


def test_a_pad_that_is_cut_off_is_not_seen_and_not_learned_from() -> None:
    outside = Pad("B1", 300.0, 900.0, 240.0, 100.0)
    layout = Layout("t", (PAD, outside), ())
    pose = turned(0.0)
    picture = board(PAD, pose)
    cuts = pad_cuts(layout, pose, picture.width, picture.height, 64)
    assert [c.seen for c in cuts] == [True, False]
    names = [n for _, tiles in pad_batches(picture, cuts, pose, name="b") for n in tiles.names]
    assert names == ["b/A1"]
    source = BoardTiles([PosedBoard("b", lambda: picture, pose, 640, 640)], layout)
    assert len(source) == 1
    assert [t.names for t in source] == [t.names for t in source] == [("b/A1",)]
    assert len(BoardTiles([PosedBoard("b", lambda: picture, pose, 640, 640)], layout, leave_out={("b", "A1")})) == 0


def test_sixteen_bits_stay_sixteen_bits() -> None:
    """Greys that eight bits cannot tell apart reach the network as different numbers."""
    ramp = np.linspace(30_000, 30_200, 640).astype(np.uint16)
    picture = Memory(np.broadcast_to(ramp[None, :, None], (640, 640, 3)))
    pose = turned(0.0)
    (cut,) = pad_cuts(Layout("t", (PAD,), ()), pose, 640, 640, 64)
    pixels, inside, _ = pad_tile(picture, cut, pose, mirrored=False)
    assert len(np.unique(picture.pixels >> 8)) <= 2
    assert len(np.unique(pixels[0][inside])) > 50
    assert pixels.max() <= 30_200 / 65_535 + 1e-6
