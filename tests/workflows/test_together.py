"""Several pictures of one board: one pad map, each pad from the picture that shows it best."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from padscope.boards.bond_map import bond_map_text, bond_rows, pad_map_text, parse_pad_map, read_bond_map
from padscope.boards.pad_map import PadMap, Verdict
from padscope.boards.rules import load_rules
from padscope.boards.visual_inspection import tiles_to_show
from padscope.datasets.drawn_board import demo_layout, demo_pose, draw_board, random_blemishes
from padscope.datasets.tile_plan import TileSettings
from padscope.errors import UsageError
from padscope.pictures.picture import open_picture
from padscope.reports.pdf import pdf_bytes
from padscope.store import conflicts, labels
from padscope.store.database import create_project
from padscope.types import finish
from padscope.workflows.export import inspected_in, write_outputs
from padscope.workflows.heat_files import write_heat
from padscope.workflows.inspect import Inspection, Inspector
from padscope.workflows.labels_out import export_pad_maps
from padscope.workflows.maps_out import export_maps
from padscope.workflows.tile_sets import planned_pictures
from padscope.workflows.train import train_on_boards
from padscope.workflows.watch import Watched, Watcher, remembered

LAYOUT = demo_layout()


def written(path: Path, pixels: NDArray[np.uint8]) -> Path:
    cv2.imwrite(str(path), pixels[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 0])
    return path


def drawn(seed: int, blemished: float) -> NDArray[np.uint8]:
    pose, width, height = demo_pose(LAYOUT)
    return draw_board(LAYOUT, pose, width, height, seed=seed, defects=random_blemishes(LAYOUT, blemished, 7))[0]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("whole") / "whole.png", drawn(100, 0.5))


@pytest.fixture(scope="module")
def halves(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same board as two pictures that overlap in the middle."""
    pixels = np.asarray(cv2.imread(str(whole))[..., ::-1], np.uint8)
    folder, width = tmp_path_factory.mktemp("halves"), pixels.shape[1]
    parts = {"left.png": pixels[:, : round(0.62 * width)], "right.png": pixels[:, round(0.38 * width) :]}
    return [written(folder / name, part) for name, part in parts.items()]


@pytest.fixture(scope="module")
def inspector(tmp_path_factory: pytest.TempPathFactory) -> Inspector:
    folder = tmp_path_factory.mktemp("sound")
    sound = [written(folder / f"{seed}.png", drawn(seed, 0.0)) for seed in range(2)]
    model = finish(train_on_boards(sound, LAYOUT, detector="blob", false_alarms=0.1))
    return Inspector(model, LAYOUT, load_rules(None), device="cpu")


@pytest.fixture(scope="module")
def together(inspector: Inspector, halves: list[Path]) -> Inspection:
    return finish(inspector.inspect_together(halves))


def test_two_halves_give_the_map_of_the_whole(whole: Path, inspector: Inspector, together: Inspection) -> None:
    one, mine = finish(inspector.inspect(whole)).pad_map, together.pad_map
    assert [p.pad for p in mine.pads] == [p.pad for p in one.pads]
    assert [p.verdict for p in mine.pads] == [p.verdict for p in one.pads]
    assert sum(p.verdict is not Verdict.OK for p in one.pads) >= 3
    for a, b in zip(mine.landings(), one.landings(), strict=True):
        assert (a.proposed_um is None) == (b.proposed_um is None)
        if a.proposed_um is not None and b.proposed_um is not None:
            assert (
                np.hypot(*np.subtract(a.proposed_um, b.proposed_um)) < 12.0
            )  # the parts' poses differ by a µm, and heat by a cell


def test_each_pad_lies_in_the_picture_that_shows_it(together: Inspection) -> None:
    pad_map = together.pad_map
    sizes = [(f.width_px, f.height_px) for f in pad_map.pictures()]
    assert [f.file for f in pad_map.pictures()] == ["left.png", "right.png"]
    for pad in LAYOUT.pads:
        place = pad_map.place(pad.id)
        assert place.picture == (0 if pad.id.startswith("L") else 1)
        corners = place.um_to_px.apply(pad.corners_um)
        assert (corners >= 0).all()
        assert (corners < sizes[place.picture]).all()


def test_one_half_alone_leaves_the_rest_unknown(inspector: Inspector, halves: list[Path]) -> None:
    pads = finish(inspector.inspect(halves[0])).pad_map.pads
    right = [p for p in pads if p.pad.startswith("R")]
    assert {p.verdict for p in right} == {Verdict.UNKNOWN}
    assert all("inside the picture" in p.reasons[0] for p in right)
    assert sum(p.verdict is Verdict.OK for p in pads if p.pad.startswith("L")) > 3


def test_the_map_survives_every_file(together: Inspection, halves: list[Path], tmp_path: Path) -> None:
    pad_map = together.pad_map
    assert parse_pad_map(pad_map_text(pad_map), "x.json") == pad_map
    rows = bond_rows(pad_map)
    assert {r.picture_file for r in rows} == {"left.png", "right.png"}
    (tmp_path / "x.csv").write_text(bond_map_text(rows), encoding="utf-8")
    assert read_bond_map(tmp_path / "x.csv") == rows
    with open_picture(halves[0]) as left, open_picture(halves[1]) as right:
        assert pdf_bytes(pad_map, LAYOUT, (left, right)).startswith(b"%PDF")


def test_a_project_keeps_all_pictures_and_levels(together: Inspection, tmp_path: Path) -> None:
    def same(a: PadMap, b: PadMap) -> bool:
        return a == b

    with create_project(tmp_path / "p.padscope") as project:
        others = [(str(look.path), look.level) for look in together.others]
        row = project.add_inspection(together.pad_map, LAYOUT, together.level, others=others)
        assert same(project.pad_map(row.id), together.pad_map)
        second = project.level(row.id, 1)
        assert second is not None
        np.testing.assert_allclose(second, together.others[0].level, rtol=1e-3, atol=1e-3)
        assert len(project.pictures()) == 2
        for facts in together.pad_map.pictures():
            assert [i.id for i in project.inspections(facts.sha256)] == [row.id]


def test_pads_lie_in_every_picture_where_it_shows_them(
    whole: Path, together: Inspection, halves: list[Path], tmp_path: Path
) -> None:
    true, width, _ = demo_pose(LAYOUT)
    with create_project(tmp_path / "p.padscope") as project:
        others = [(str(look.path), look.level) for look in together.others]
        first = str(halves[0])
        project.add_inspection(together.pad_map, LAYOUT, together.level, picture_path=first, others=others)
        for picture in project.pictures():
            label = labels.begin_label(project, picture.sha256, author="AB")
            labels.review_label(project, label.id, state="done", comment="", author="AB")
        tiles = finish(planned_pictures(project, TileSettings(), None, project.pictures(), []))
        for picture, shown, left in zip(project.pictures(), tiles, (0, round(0.38 * width)), strict=True):
            in_conflicts = conflicts.pads_of(project, picture.sha256)
            for pad, corners in zip(LAYOUT.pads, shown.pads_px, strict=True):
                there = true.apply(pad.corners_um) - (left, 0)
                assert np.abs(np.array(corners) - there).max() < 3
                assert np.abs(in_conflicts[pad.id] - there).max() < 3


def test_a_watched_folder_inspects_none_of_the_pictures_again(
    together: Inspection, halves: list[Path], tmp_path: Path
) -> None:
    folder = halves[0].parent
    with create_project(tmp_path / "p.padscope") as project:
        others = [(str(look.path), look.level) for look in together.others]
        project.add_inspection(together.pad_map, LAYOUT, together.level, others=others)
        stored = remembered(project, folder)
    write_outputs(together, LAYOUT, halves[0], tmp_path)
    for known in (stored, Watched(known=inspected_in(tmp_path))):
        watcher = Watcher(folder, known)
        found = [f for now in (0.0, 5.0, 10.0) for f in watcher.look(now)]
        assert {f.name: f.new for f in found} == {"left.png": False, "right.png": False}


@pytest.mark.parametrize("chosen", [(), ("right",)])
def test_a_project_writes_the_board_once_with_each_pad_from_its_own_picture(
    together: Inspection, halves: list[Path], tmp_path: Path, chosen: tuple[str, ...]
) -> None:
    with create_project(tmp_path / "p.padscope") as project:
        others = [(str(look.path), look.level) for look in together.others]
        first = str(halves[0])
        project.add_inspection(together.pad_map, LAYOUT, together.level, picture_path=first, others=others)
        names = [halves[1].stem] if chosen else []
        maps = finish(export_pad_maps(project, tmp_path / "maps", pictures=names, heat=True))
        stem = "right" if chosen else "left"
        heats = [f"{stem}.heat.npz", f"{stem}.{'left' if chosen else 'right'}.heat.npz"]
        kinds = ("bondmap.csv", "padmap.json", "pdf")
        assert {p.name for p in maps.files} == {f"{stem}.{kind}" for kind in kinds} | set(heats)
        shown = dict(zip(("left", "right"), (together.level, together.others[0].level), strict=True))
        for name in heats:
            np.testing.assert_allclose(
                heat_of(tmp_path / "maps" / name), shown[name.split(".")[-3]], rtol=1e-3, atol=1e-3
            )
        assert maps.notes == ()
        with open_picture(halves[0]) as left, open_picture(halves[1]) as right:
            whole = len(pdf_bytes(together.pad_map, LAYOUT, (left, right)))
        (report,) = (p for p in maps.files if p.suffix == ".pdf")
        assert report.stat().st_size == pytest.approx(whole, rel=0.02)
        (drawing,) = finish(export_maps(project, "dxf", tmp_path / "dxf", pictures=names)).files
        assert drawing.suffix == ".dxf"
        draft = finish(export_maps(project, "visual-inspection", tmp_path / "vi", pictures=names))
        (front,) = (p for p in draft.files if p.name.endswith(".front.jpg"))
        here, there = (cv2.resize(cv2.imread(str(p)), (64, 64)).astype(float) for p in (front, halves[0]))
        assert np.abs(here - there).mean() < 8
        assert any(p.name.endswith(".front_picture2.jpg") for p in draft.files)
        run = json.loads(next(p for p in draft.files if p.suffix == ".json").read_text(encoding="utf-8"))[0][0]
        tiles = run["results"]["Metadata"]["front_defect_images"]
        assert set(tiles) == {str(n) for n in tiles_to_show(together.pad_map, LAYOUT)}
        for name in tiles.values():  # a tile on the right is cut out of the right picture, whole
            assert min(cv2.imread(str(tmp_path / "vi" / name)).shape[:2]) > 60


def heat_of(path: Path) -> NDArray[np.float16]:
    with np.load(path) as stored:
        assert list(stored) == ["level"]
        return np.asarray(stored["level"])


def test_the_heat_of_every_picture_is_a_file_of_its_own(
    together: Inspection, halves: list[Path], tmp_path: Path
) -> None:
    files = [p.name for p in write_outputs(together, LAYOUT, halves[0], tmp_path, heat=True)]
    assert files[-2:] == ["left.heat.npz", "left.right.heat.npz"]
    for name, level in zip(files[-2:], (together.level, together.others[0].level), strict=True):
        np.testing.assert_allclose(heat_of(tmp_path / name), level, rtol=1e-3, atol=1e-3)
    assert {p.name for p in tmp_path.iterdir()} == set(files)


def test_pictures_of_one_name_do_not_replace_each_other(tmp_path: Path) -> None:
    grids = [(Path(folder) / "img.png", np.full((2, 3), k, np.float32)) for k, folder in enumerate("abc")]
    names = write_heat(tmp_path, "img", grids)
    assert names == ["img.heat.npz", "img.img.heat.npz", "img.img-3.heat.npz"]
    assert [float(heat_of(tmp_path / name)[0, 0]) for name in names] == [0, 1, 2]


def test_the_same_picture_twice_is_refused(inspector: Inspector, halves: list[Path]) -> None:
    with pytest.raises(UsageError, match="same picture"):
        finish(inspector.inspect_together([halves[0], halves[0]]))
