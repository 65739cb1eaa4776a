"""What is written to a format is read back from it: pixel by pixel, on made-up masks and on the shared real ones."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from padscope.errors import InputError, UsageError
from padscope.formats.labelled import MASKS, POLYGONS, ClassTable, Labelled, compared
from padscope.formats.registry import FORMATS, format_named
from padscope.masks.class_mask import ClassMask, mask_from_array
from padscope.masks.classes import DefectClass

CLASSES = (
    DefectClass(1, "scratch", "#e69f00"),
    DefectClass(2, "water mark", "#0072b2"),
    DefectClass(5, "glue & <“solder”>", "#009e73"),
)
WAYS = [(name, shapes) for name, entry in FORMATS.items() for shapes in entry.shapes]
EXACT = [(name, shapes) for name, shapes in WAYS if name != "mvtec"]


def written(name, folder, items, classes=CLASSES, shapes=None):
    folder.mkdir(exist_ok=True)
    entry = format_named(name)
    for _ in entry.write(items, classes, folder, shapes or entry.shapes[0]):
        pass
    return folder


def read_back(name, folder, classes=CLASSES, sizes=None):
    """({picture without ending: what was read}, the table)."""
    table = ClassTable(classes)
    found = format_named(name).read([folder], table, lambda stem: (sizes or {}).get(stem.rsplit(".", 1)[0]))
    return {item.stem: item for item in found}, table


def a_mask(height, width, seed, share=0.3):
    """Blobs, single pixels, holes, pixels that meet in corners."""
    rng = np.random.default_rng(seed)
    coarse = rng.choice([0, 0, 1, 2, 5], (height // 8 + 1, width // 8 + 1)).astype(np.uint8)
    classes = np.kron(coarse, np.ones((8, 8), np.uint8))[:height, :width]
    noise = rng.random((height, width)) < share * 0.1
    classes[noise] = rng.choice(np.array([0, 1, 2, 5], np.uint8), noise.sum())
    return classes


@pytest.mark.parametrize(("name", "shapes"), EXACT)
def test_made_up_masks_come_back_pixel_by_pixel(tmp_path, name, shapes):
    masks = {
        "a": mask_from_array(a_mask(300, 530, 0)),
        "b c": mask_from_array(a_mask(17, 9, 1)),
        "empty": ClassMask(40, 30),
    }
    items = [Labelled(f"{stem}.png", mask, sha256=stem.ljust(64, "0")) for stem, mask in masks.items()]
    folder = written(name, tmp_path / "out", items, shapes=shapes)
    found, table = read_back(name, folder, sizes={stem: (m.width, m.height) for stem, m in masks.items()})
    assert {stem: item.mask == masks[stem] for stem, item in found.items()} == dict.fromkeys(masks, True)
    assert table.added == ()
    for stem, item in found.items():
        assert item.sha256 in ("", stem.ljust(64, "0"))


@pytest.mark.parametrize(("name", "shapes"), EXACT)
@settings(max_examples=12)
@given(
    classes=hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.sampled_from([0, 1, 2, 5])
    )
)
def test_any_small_mask_comes_back(tmp_path_factory, name, shapes, classes):
    folder = tmp_path_factory.mktemp("any") / "out"
    mask = mask_from_array(classes)
    written(name, folder, [Labelled("a.jpg", mask)], shapes=shapes)
    found, _ = read_back(name, folder, sizes={"a": (mask.width, mask.height)})
    assert found["a"].mask == mask


@pytest.mark.parametrize(("name", "shapes"), EXACT)
def test_unknown_classes_are_added_with_their_names_and_colours(tmp_path, name, shapes):
    mask = mask_from_array(a_mask(20, 30, 2))
    folder = written(name, tmp_path / "out", [Labelled("a.jpg", mask)], shapes=shapes)
    mine = (DefectClass(5, "scratch", "#123456"), DefectClass(1, "mine", "#654321"))
    found, table = read_back(name, folder, mine, {"a": (30, 20)})
    assert {c.name for c in table.added} == {"water mark", "glue & <“solder”>"}
    back = {c.name: c.value for c in table.classes}
    lut = np.zeros(256, np.uint8)
    for c in CLASSES:
        lut[c.value] = back[c.name]
    assert found["a"].mask == mask_from_array(np.take(lut, mask.read(mask.box)))
    if name not in ("labelme", "yolo"):  # these hold no colours
        assert {c.colour for c in table.added} == {"#0072b2", "#009e73"}


def test_the_mask_of_a_shared_board_comes_back(tmp_path, shared_data):
    board = "bad02"
    truth = cv2.imread(str(shared_data / "boards" / f"{board}_mask.png"), cv2.IMREAD_UNCHANGED)
    classes = tuple(DefectClass(v, f"class {v}", f"#{v * 40:02x}8000") for v in range(1, 6))
    item = Labelled(f"{board}.jpg", mask_from_array(truth))
    for name, shapes in EXACT:
        folder = written(name, tmp_path / f"{name}-{shapes}", [item], classes, shapes)
        found, _ = read_back(name, folder, classes, {board: truth.shape[::-1]})
        loss = compared(item.mask, found[board].mask, board)
        assert (name, shapes, loss.differing_px) == (name, shapes, 0)
        assert loss.painted_px == np.count_nonzero(truth) > 40_000


def test_a_shared_mask_is_read_with_the_classes_already_known(shared_data):
    found, table = read_back("png-index", shared_data / "boards" / "bad01_mask.png", CLASSES, {"bad01": (7200, 5600)})
    assert list(found) == ["bad01"]
    assert {c.name for c in table.added} == {"class 3", "class 4"}
    assert found["bad01"].mask.areas().keys() == {1, 2, 3, 4, 5}


def test_real_mvtec_folders_are_read_and_written_again(tmp_path, shared_data):
    source, small = shared_data / "magnetic_tile", tmp_path / "small"
    for kind in ("blowhole", "crack"):
        for picture in sorted((source / "test" / kind).iterdir())[:4]:
            for place, file in ((f"test/{kind}", picture), (f"ground_truth/{kind}", None)):
                (small / place).mkdir(parents=True, exist_ok=True)
                file = file or source / "ground_truth" / kind / f"{picture.stem}_mask.png"
                (small / place / file.name).write_bytes(file.read_bytes())
    (small / "train" / "good").mkdir(parents=True)
    sound = sorted((source / "train" / "good").iterdir())[0]
    (small / "train" / "good" / sound.name).write_bytes(sound.read_bytes())
    table = ClassTable()
    items = list(FORMATS["mvtec"].read([small], table, lambda stem: None))
    assert {c.name for c in table.added} == {"blowhole", "crack"}
    assert sum(item.mask.empty for item in items) == 1
    for item in items:
        if not item.mask.empty:
            truth = item.path.parents[2] / "ground_truth" / item.path.parent.name / f"{item.path.stem}_mask.png"
            pixels = cv2.imread(str(truth), cv2.IMREAD_GRAYSCALE)
            assert np.array_equal(item.mask.read(item.mask.box) > 0, pixels > 127)
    folder = written("mvtec", tmp_path / "again", items, table.classes)
    again, _ = read_back("mvtec", folder, table.classes)
    assert all(again[item.stem].mask == item.mask for item in items)
    assert {p.relative_to(folder) for p in folder.rglob("*.jpg")} == {
        p.relative_to(small) for p in small.rglob("*.jpg")
    }


def test_mvtec_says_where_but_not_which_of_several_classes(tmp_path):
    picture = tmp_path / "a.png"
    cv2.imwrite(str(picture), np.zeros((20, 30, 3), np.uint8))
    classes = np.zeros((20, 30), np.uint8)
    classes[2:4, 2:6], classes[9, 9] = 1, 2
    folder = written("mvtec", tmp_path / "out", [Labelled("a.png", mask_from_array(classes), path=picture)])
    found, table = read_back("mvtec", folder)
    assert [c.name for c in table.added] == ["combined"]
    assert np.array_equal(found["a"].mask.read(found["a"].mask.box) > 0, classes > 0)
    assert compared(mask_from_array(classes), found["a"].mask, "a").differing_px == 9


@pytest.mark.parametrize(("name", "shapes"), EXACT)
def test_a_picture_of_a_hundred_megapixels_needs_little_memory(tmp_path, name, shapes):
    """Only what is painted is kept: three specks in the corners of a picture of 12 000 × 9 000 px."""
    import tracemalloc

    mask = ClassMask(12_000, 9_000)
    for row, col in ((0, 0), (0, 46), (35, 46)):
        mask.chunks[row, col] = np.zeros((256, 256), np.uint8)
        mask.chunks[row, col][3:9, 2:20] = 2
    tracemalloc.start()
    folder = written(name, tmp_path / "out", [Labelled("a.jpg", mask)], shapes=shapes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000
    if not name.startswith("png"):  # a PNG is decoded whole
        assert read_back(name, folder, sizes={"a": (12_000, 9_000)})[0]["a"].mask == mask


def test_an_unknown_format_is_refused():
    with pytest.raises(UsageError, match="There is no format “voc”; there are png-index, png-colour, mvtec, coco"):
        format_named("voc")


def test_two_classes_of_one_colour_are_refused_before_they_become_one(tmp_path):
    twins = (DefectClass(1, "a", "#112233"), DefectClass(2, "b", "#112233"))
    with pytest.raises(InputError, match="“b” has the same colour as a"):
        written("png-colour", tmp_path / "out", [], twins)
    assert MASKS in FORMATS["coco"].shapes
    assert POLYGONS in FORMATS["coco"].shapes
