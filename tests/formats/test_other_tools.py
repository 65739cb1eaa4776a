"""Files as other tools write them, made by hand from each format's description, and the tools' own rules as judges."""

import base64
import io
import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO

from padscope.formats.labelled import POLYGONS, ClassTable, Labelled
from padscope.formats.registry import FORMATS
from padscope.formats.runs import coco_counts, counts_from_text, counts_to_text
from padscope.masks.class_mask import mask_from_array
from padscope.masks.classes import DefectClass
from padscope.masks.components import components
from padscope.masks.shapes import Region
from padscope.types import Box

SCRATCH = DefectClass(3, "scratch", "#e69f00")


def read(name, path, known=(SCRATCH,), sizes=None):
    table = ClassTable(known)
    found = list(FORMATS[name].read([path], table, lambda stem: (sizes or {}).get(stem)))
    return found, table


def pixels(item):
    return item.mask.read(item.mask.box)


def drawn(height, width, **boxes):
    out = np.zeros((height, width), np.uint8)
    for value, (x0, y0, x1, y1) in ((int(k[1:]), v) for k, v in boxes.items()):
        out[y0:y1, x0:x1] = value
    return out


def blobs(seed=0, height=60, width=80):
    rng = np.random.default_rng(seed)
    smooth = cv2.GaussianBlur(rng.random((height, width)).astype(np.float32), (0, 0), 2.5)
    return (smooth > np.quantile(smooth, 0.8)).astype(np.uint8) * 3


# COCO


def test_a_coco_file_by_hand(tmp_path):
    """Polygons with two parts, uncompressed run lengths down the columns, a crowd, and a box without pixels."""
    content = {
        "images": [
            {"id": 7, "file_name": "sub/a.jpg", "width": 6, "height": 4},
            {"id": 9, "file_name": "b.jpg", "width": 3, "height": 3},
        ],
        "categories": [{"id": 40, "name": "Scratch", "supercategory": ""}, {"id": 2, "name": "glue", "color": [1, 2, 255]}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 40, "segmentation": [[0, 0, 2, 0, 2, 1, 0, 1], [4, 2, 6, 2, 6, 4, 4, 4]]},
            {"id": 2, "image_id": 9, "category_id": 2, "iscrowd": 1, "segmentation": {"size": [3, 3], "counts": [1, 2, 3, 1, 2]}},
            {"id": 3, "image_id": 9, "category_id": 2, "segmentation": [], "bbox": [0, 0, 2, 2]},
        ],
    }  # fmt: skip
    file = tmp_path / "instances.json"
    file.write_text(json.dumps(content))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.jpg").touch()
    (a, b), table = read("coco", file)
    assert (a.picture, a.path, b.stem, b.path) == ("a.jpg", tmp_path / "sub/a.jpg", "b", None)
    assert np.array_equal(pixels(a), drawn(4, 6, v3=(0, 0, 2, 1)) + drawn(4, 6, v3=(4, 2, 6, 4)))
    assert np.array_equal(pixels(b), [[0, 0, 1], [1, 0, 0], [1, 0, 0]])
    assert [(c.name, c.colour) for c in table.added] == [("glue", "#0102ff")]
    assert b.notes == ("annotations[2] has only a box, which says nothing about pixels; it was left out",)


def test_run_lengths_are_those_of_pycocotools():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        inside = rng.random((rng.integers(1, 40), rng.integers(1, 40))) < rng.random()
        height, width = inside.shape
        box = Box(5, 7, 5 + width, 7 + height)
        whole = np.zeros((60, 50), np.uint8)
        whole[box.slices] = inside
        theirs = coco_masks.encode(np.asfortranarray(whole))
        ours = coco_counts(Region(box, inside), 50, 60)
        assert counts_to_text(ours) == theirs["counts"].decode()
        assert np.array_equal(counts_from_text(theirs["counts"].decode()), ours)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_pycocotools_reads_what_is_written(tmp_path):
    classes = blobs()
    classes[30:50, 20:60] = blobs(1, 20, 40) // 3 * 7
    known = (SCRATCH, DefectClass(7, "glue", "#009e73"))
    for shapes in FORMATS["coco"].shapes:
        folder = tmp_path / shapes
        folder.mkdir()
        for _ in FORMATS["coco"].write([Labelled("a.jpg", mask_from_array(classes))], known, folder, shapes):
            pass
        theirs = COCO(str(folder / "annotations.json"))
        assert {c["name"] for c in theirs.loadCats(theirs.getCatIds())} == {"scratch", "glue"}
        seen = np.zeros_like(classes)
        for annotation in theirs.loadAnns(theirs.getAnnIds()):
            one = theirs.annToMask(annotation).astype(bool)
            x, y, w, h = annotation["bbox"]
            assert one.sum() == annotation["area"]
            assert Box.around(np.argwhere(one)[:, ::-1]) == Box(x, y, x + w, y + h)
            seen[one] = annotation["category_id"]
        assert np.array_equal(seen, classes)


# LabelMe


def labelme_file(folder, shapes, **more):
    content = {
        "version": "5.2.1",
        "flags": {},
        "imagePath": "..\\a.jpg",
        "imageData": None,
        "imageHeight": 20,
        "imageWidth": 30,
    }
    (folder / "a.json").write_text(json.dumps({**content, "shapes": shapes, **more}))
    return folder / "a.json"


def test_a_labelme_file_by_hand(tmp_path):
    out = io.BytesIO()
    Image.fromarray(np.array([[True, False, True]])).save(out, "PNG")
    rows = [
        ("scratch", "rectangle", [[4, 6], [1, 2]]),
        ("dust", "circle", [[20, 10], [20, 13]]),
        ("dust", "linestrip", [[0.5, 19.5], [6.5, 19.5]]),
        ("scratch", "point", [[3, 3]]),
        ("glue", "mask", [[25, 1], [27, 1]]),
        ("scratch", "polygon", [[10.0, 0.0], [14.0, 0.0], [14.0, 2.0], [10.0, 2.0]]),
    ]
    shapes = [
        {"label": label, "points": points, "shape_type": kind, "group_id": None, "flags": {}}
        for label, kind, points in rows
    ]
    shapes[4]["mask"] = base64.b64encode(out.getvalue()).decode()
    (item,), table = read("labelme", labelme_file(tmp_path, shapes))
    seen = pixels(item)
    dust, glue = (table.named(name).value for name in ("dust", "glue"))
    assert item.picture == "a.jpg"
    assert np.array_equal(seen == 3, drawn(20, 30, v1=(1, 2, 4, 6)) + drawn(20, 30, v1=(10, 0, 14, 2)) > 0)
    assert np.array_equal(seen[1], drawn(20, 30, v3=(10, 0, 14, 2))[1] + glue * (np.isin(np.arange(30), [25, 27])))
    assert (seen[19, :8] == dust).tolist() == [True] * 7 + [False]
    assert abs(int((seen[5:16] == dust).sum()) - np.pi * 9) < 4
    assert item.notes == ("shapes[3] is a point, whose pixels cannot be told; it was left out",)


LABELME = """
import json, sys
import numpy as np
from labelme import LabelFile
from labelme.utils import shapes_to_label

for place in sys.argv[1:]:
    file = LabelFile(place)
    values = {shape["label"]: i for i, shape in enumerate(file.shapes, start=1)}
    size = json.load(open(place))["imageHeight"], json.load(open(place))["imageWidth"]
    classes, _ = shapes_to_label(size, file.shapes, values)
    np.save(place + ".npy", classes)
    json.dump([values, file.image_path, file.other_data], open(place + ".told", "w"))
"""


def labelme_sees(*places):
    """What LabelMe itself says of JSON files: per file its classes (H, W), their values by name, the picture's name, and the keys
    it keeps though it does not know them. It brings a Qt of its own, so it is asked in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", LABELME, *map(str, places)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [(np.load(f"{place}.npy"), *json.loads(Path(f"{place}.told").read_text())) for place in places]


@pytest.mark.skipif(find_spec("labelme") is None, reason="labelme, which judges its own format, is not installed")
def test_labelme_sees_what_is_written(tmp_path):
    classes = blobs(3)
    classes[5:12, 60:75] = 7
    Image.fromarray(np.zeros((*classes.shape, 3), np.uint8)).save(tmp_path / "a.png")
    known = (SCRATCH, DefectClass(7, "glue", "#009e73"))
    files = []
    for shapes in FORMATS["labelme"].shapes:
        folder = tmp_path / shapes
        folder.mkdir()
        shutil.copy(tmp_path / "a.png", folder)
        item = Labelled("a.png", mask_from_array(classes), sha256="ab" * 32)
        for _ in FORMATS["labelme"].write([item], known, folder, shapes):
            pass
        files.append(folder / "a.json")
    for shapes, (seen, values, picture, kept) in zip(FORMATS["labelme"].shapes, labelme_sees(*files), strict=True):
        assert picture == "a.png"
        assert kept["padscope_sha256"] == "ab" * 32
        for value, name in ((3, "scratch"), (7, "glue")):
            theirs, ours = seen == values[name], classes == value
            if shapes == POLYGONS:  # it adds the pixels an outline runs through
                assert theirs[ours].all()
                assert not theirs[cv2.dilate(ours.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0].any()
            else:
                assert np.array_equal(theirs, ours)


@pytest.mark.skipif(find_spec("labelme") is None, reason="labelme, which judges its own format, is not installed")
def test_what_labelme_sees_in_its_files_is_read(tmp_path):
    """Masks to the pixel; of shapes drawn as geometry LabelMe takes the rim too, at most a pixel more on every side."""
    out = io.BytesIO()
    Image.fromarray(blobs(4, 9, 12) > 0).save(out, "PNG")
    rows = [
        ("glue", "mask", [[3, 2], [14, 10]]),
        ("scratch", "polygon", [[20.5, 3.0], [27.0, 9.5], [18.0, 12.0]]),
        ("dust", "rectangle", [[4.0, 19.0], [9.0, 13.0]]),
        ("other", "circle", [[21.0, 16.0], [21.0, 18.5]]),
    ]
    shapes = [
        {"label": label, "points": points, "shape_type": kind, "group_id": None, "flags": {}, "description": ""}
        for label, kind, points in rows
    ]
    shapes[0]["mask"] = base64.b64encode(out.getvalue()).decode()
    file = labelme_file(tmp_path, shapes, imagePath="a.png")
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(tmp_path / "a.png")
    (item,), table = read("labelme", file)
    ((seen, values, *_),) = labelme_sees(file)
    for label, kind, _ in rows:
        theirs, ours = seen == values[label], pixels(item) == table.named(label).value
        assert ours.any()
        if kind == "mask":
            assert np.array_equal(theirs, ours)
        else:
            assert theirs[ours].all()
            assert not theirs[cv2.dilate(ours.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0].any()


# CVAT

CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><job><labels>
    <label><name>scratch</name><color>#fa3253</color><type>any</type><attributes></attributes></label>
    <label><name>glue</name><color>#33ddff</color><type>mask</type><attributes></attributes></label>
  </labels><original_size><width>8</width><height>6</height></original_size></job></meta>
  <image id="0" name="boards/a.jpg" width="8" height="6">
    <mask label="glue" source="manual" occluded="0" rle="1, 2, 2, 1" left="4" top="1" width="3" height="2" z_order="2"></mask>
    <box label="scratch" source="manual" occluded="0" xtl="0.00" ytl="0.00" xbr="8.00" ybr="2.00" z_order="1"></box>
    <polygon label="scratch" source="manual" occluded="0" points="0.0,4.0;2.0,4.0;2.0,6.0;0.0,6.0" z_order="0">
      <attribute name="depth">deep</attribute>
    </polygon>
    <points label="scratch" source="manual" occluded="0" points="1.0,1.0" z_order="0"></points>
    <tag label="glue" source="manual"></tag>
  </image>
  <image id="1" name="b.jpg" width="5" height="5">
  </image>
</annotations>
"""


def test_a_cvat_file_by_hand(tmp_path):
    (tmp_path / "annotations.xml").write_text(CVAT)
    (a, b), table = read("cvat", tmp_path)
    glue = table.named("glue")
    expected = drawn(6, 8, v3=(0, 0, 8, 2)) + drawn(6, 8, v3=(0, 4, 2, 6))
    expected[1, 5:7] = expected[2, 6] = glue.value  # z_order 2 lies above 1
    assert np.array_equal(pixels(a), expected)
    assert (a.picture, b.picture, b.mask.empty) == ("a.jpg", "b.jpg", True)
    assert glue.colour == "#33ddff"
    assert [note.split(" is ")[1] for note in a.notes] == ["a points, which covers no pixels; it was left out"]


def test_cvats_segmentation_masks_are_read_by_their_label_map(tmp_path):
    folder = tmp_path / "SegmentationClass"
    folder.mkdir()
    lines = ("# label:color_rgb:parts:actions", "background:0,0,0::", "scratch:250,50,83::", "glue:51,221,255::", "")
    (tmp_path / "labelmap.txt").write_text("\n".join(lines))
    picture = np.zeros((4, 5, 3), np.uint8)
    picture[1, 1:3], picture[3, 4] = (250, 50, 83), (51, 221, 255)
    Image.fromarray(picture).save(folder / "a.png")
    (item,), table = read("png-colour", folder)
    assert np.array_equal(pixels(item), drawn(4, 5, v3=(1, 1, 3, 2)) + drawn(4, 5, v1=(4, 3, 5, 4)))
    assert [(c.name, c.value, c.colour) for c in table.added] == [("glue", 1, "#33ddff")]


# index masks


@pytest.mark.parametrize("mode", ["P", "L", "1", "bits", "I;16"])
def test_index_masks_of_any_kind_of_png(tmp_path, mode):
    values = np.array([[0, 1, 0], [0, 0, 1]], np.uint8)
    if mode == "bits":
        image = Image.fromarray(values)
        image = image.convert("P")
        image.putpalette([0, 0, 0, 255, 0, 0])
        image.save(tmp_path / "a_mask.png", bits=1)
    elif mode == "I;16":
        Image.fromarray(values.astype(np.uint16)).save(tmp_path / "a_mask.png")
    else:
        image = Image.fromarray(values.astype(bool)) if mode == "1" else Image.fromarray(values)
        image = image.convert("P") if mode == "P" else image
        image.save(tmp_path / "a_mask.png")
    (tmp_path / "label_names.txt").write_text("_background_\nscratch\n")
    (item,), _ = read("png-index", tmp_path / "a_mask.png", sizes={"a": (3, 2)})
    assert item.picture == "a"
    assert np.array_equal(pixels(item), values * 3)


# YOLO


def test_a_yolo_folder_by_hand(tmp_path):
    for folder in ("images/val", "labels/val"):
        (tmp_path / folder).mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "images/val/a.png"), np.zeros((10, 20, 3), np.uint8))
    (tmp_path / "data.yaml").write_text("train: images/train\nnc: 2\nnames: ['glue', 'scratch']\n")
    lines = "1 0.1 0.2 0.3 0.2 0.3 0.5 0.1 0.5\n\n0 0.5 0.5 0.2 0.2\n0 0 0 0.05 0 0.05 0.1 0 0.1\n"
    (tmp_path / "labels/val/a.txt").write_text(lines)
    (item,), table = read("yolo", tmp_path / "labels")
    assert np.array_equal(pixels(item), drawn(10, 20, v3=(2, 2, 6, 5), v1=(0, 0, 1, 1)))
    assert table.named("glue").value == 1
    assert item.path == tmp_path / "images/val/a.png"
    assert item.notes == ("line 3 has only a box, which says nothing about pixels; it was left out",)


def test_what_is_written_for_yolo_is_one_defect_per_line(tmp_path):
    mask = mask_from_array(blobs(5))
    for _ in FORMATS["yolo"].write([Labelled("a.jpg", mask)], (SCRATCH,), tmp_path, POLYGONS):
        pass
    lines = (tmp_path / "labels" / "a.txt").read_text().splitlines()
    assert len(lines) == len(components(mask))
    assert all(0 <= float(word) <= 1 for line in lines for word in line.split()[1:])
    assert (tmp_path / "data.yaml").read_text().splitlines()[-1] == '  0: "scratch"'
