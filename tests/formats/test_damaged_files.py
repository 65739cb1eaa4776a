"""Files that are no good: one sentence that names the file and the place, never a crash, never a guess."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from padscope.errors import InputError
from padscope.formats.labelled import ClassTable, Labelled
from padscope.formats.registry import FORMATS
from padscope.masks.class_mask import mask_from_array
from padscope.masks.classes import DefectClass

IMAGE = {"id": 1, "file_name": "a.jpg", "width": 4, "height": 4}
COCO = {"images": [IMAGE], "categories": [{"id": 1, "name": "dust"}], "annotations": []}
XML = '<annotations><image id="0" name="a" width="4" height="4">{}</image></annotations>'
BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><annotations>&c;</annotations>'


def coco(**annotation):
    return json.dumps({**COCO, "annotations": [{"image_id": 1, "category_id": 1, **annotation}]})


def labelme(**shape):
    return json.dumps({"imageWidth": 4, "imageHeight": 4, "imagePath": "a.jpg", "shapes": [{"label": "dust", **shape}]})


FILES = [
    ("coco", "x.json", "{", "x.json, line 1: this is not JSON"),
    ("coco", "x.json", "[]", "x.json: this JSON is not an object"),
    ("coco", "x.json", "[" * 100_000, "x.json: this JSON cannot be used"),
    ("coco", "x.json", '{"images": NaN}', "NaN is no number"),
    ("coco", "x.json", "{}", "categories: a COCO file has a list “categories”"),
    ("coco", "x.json", json.dumps({**COCO, "images": [{**IMAGE, "width": 10**9}]}), "cannot be 1000000000 × 4 px"),
    ("coco", "x.json", json.dumps({**COCO, "images": [IMAGE, IMAGE]}), r"images\[1\]: every picture needs an id of its own"),
    ("coco", "x.json", coco(category_id=5), r"annotations\[0\]: its category_id 5 is not in the list"),
    ("coco", "x.json", coco(image_id=5), r"annotations\[0\]: it belongs to a picture"),
    ("coco", "x.json", coco(segmentation=[[1, 2, 3]]), r"annotations\[0\]: an outline is a list of x and y"),
    ("coco", "x.json", coco(segmentation=[[1, 2, "x", 3, 4, 4]]), "an outline is a list"),
    ("coco", "x.json", coco(segmentation=[[1, 2, 1e300, 3, 4, 4]]), "an outline needs corners"),
    ("coco", "x.json", coco(segmentation={"size": [4, 4], "counts": [3, 2]}), "the run lengths fill 5 of 16 px"),
    ("coco", "x.json", coco(segmentation={"size": [4, 4], "counts": [20, -4]}), "the run lengths fill 16 of 16 px|cannot be used"),
    ("coco", "x.json", coco(segmentation={"size": [4, 4], "counts": "µ"}), "cannot stand in compressed run lengths"),
    ("coco", "x.json", coco(segmentation={"size": [9, 9], "counts": [81]}), "are for 9 × 9 px, but the picture has 4 × 4"),
    ("coco", "x.json", coco(segmentation="all"), "neither polygons nor run lengths"),
    ("labelme", "a.json", "{}", "a.json: a LabelMe file has a list “shapes”"),
    ("labelme", "a.json", labelme(label=" ", points=[[1, 2]] * 3), r"shapes\[0\]: a label has no name"),
    ("labelme", "a.json", labelme(points=[[1, 2], [3, 4]], shape_type="polygon"), "needs at least 3 points, this one has 2"),
    ("labelme", "a.json", labelme(points=[[0, 0], [1, 1]], shape_type="mask", mask="!!"), "not a PNG in base64"),
    ("labelme", "a.json", labelme(points="here", shape_type="line"), r"shapes\[0\]: an outline is a list"),
    ("cvat", "x.xml", "<annotations>", "x.xml, line 1: this is not XML"),
    ("cvat", "x.xml", "<annotations/>", "x.xml: there is no <image> in it"),
    ("cvat", "x.xml", BOMB, "x.xml, line 1: it declares a document type or an entity"),
    ("cvat", "x.xml", '<annotations><image name="a" width="x" height="4"/></annotations>', "an <image> needs a width and a height"),
    ("cvat", "x.xml", XML.format('<mask label="d" rle="3" left="0" top="0" width="2" height="2"/>'), "lengths fill 3 of 4 px"),
    ("cvat", "x.xml", XML.format('<mask label="d" rle="9" left="0" top="0" width="9999999" height="9999999"/>'), "mask cannot be"),
    ("cvat", "x.xml", XML.format('<polygon label="d" points="1,2;3"/>'), "an outline is a list"),
    ("cvat", "x.xml", XML.format('<box label="d" xtl="nan" ytl="0" xbr="1" ybr="1"/>'), "must be numbers of pixels"),
    ("cvat", "x.xml", XML.format('<box xtl="0" ytl="0" xbr="1" ybr="1"/>'), "a label has no name"),
    ("cvat", "x.xml", "<a>" * 50, "nested too deep"),
    ("yolo", "a.txt", "0 0 0 1 0 1 1", "neither data.yaml nor classes.txt"),
    ("png-index", "a.png", "no picture", "a.png: .*is not a picture"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "file", "text", "words"), FILES, ids=range(len(FILES)))
def test_a_damaged_file_is_refused_in_one_sentence(tmp_path, name, file, text, words):
    (tmp_path / file).write_text(text)
    with pytest.raises(InputError, match=words) as told:
        list(FORMATS[name].read([tmp_path / file], ClassTable(), lambda stem: (4, 4)))
    assert file in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x 1 2 3 4 5 6", "line 1: a line reads"),
        ("7 0 0 1 0 1 1", "line 1: the class 7 has no name"),
        ("0 0 0 1 0 1", "at least three corners"),
        ("0 0 0 1 0 1 nan", "at least three corners"),
        ("0 0 0 90 0 90 90", "between 0 and 1"),
    ],
)
def test_a_damaged_yolo_line_is_named(tmp_path, line, words):
    (tmp_path / "classes.txt").write_text("dust\n")
    (tmp_path / "a.txt").write_text(line + "\n")
    with pytest.raises(InputError, match=words):
        list(FORMATS["yolo"].read([tmp_path], ClassTable(), lambda stem: (4, 4)))


def test_a_yolo_file_without_its_picture_says_what_is_missing(tmp_path):
    (tmp_path / "classes.txt").write_text("dust\n")
    (tmp_path / "a.txt").write_text("0 0 0 1 0 1 1\n")
    with pytest.raises(InputError, match="do not know the size of their picture"):
        list(FORMATS["yolo"].read([tmp_path], ClassTable(), lambda stem: None))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("value,name,colour\n1,dust,#000001\n", r"pixel \(1, 0\): the value 2 is not in classes.csv"),
        ("name\n", "line 1: a table of classes begins with the line value,name,colour"),
        ("value,name,colour\n900,dust,\n", "line 2: a class needs a value from 1 to 255"),
        ("value,name,colour\n2,dust,red\n", "line 2: a colour has the form #rrggbb"),
        ("value,name,colour\n2,dust,\n2,glue,\n", "the value “2” stands in it twice"),
    ],
)
def test_a_damaged_table_of_classes_is_named(tmp_path, table, words):
    Image.fromarray(np.array([[0, 2]], np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "classes.csv").write_text(table)
    with pytest.raises(InputError, match=words):
        list(FORMATS["png-index"].read([tmp_path / "a.png"], ClassTable(), lambda stem: None))


def test_a_colour_that_is_not_in_the_legend_is_named(tmp_path):
    Image.fromarray(np.array([[[0, 0, 0], [1, 2, 3]]], np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"pixel \(1, 0\): the colour #010203 is not among the project's classes"):
        list(FORMATS["png-colour"].read([tmp_path / "a.png"], ClassTable(), lambda stem: None))


def test_more_than_255_classes_are_refused(tmp_path):
    shapes = [{"label": f"c{k}", "points": [[0, 0], [1, 0], [1, 1]]} for k in range(256)]
    content = {"imageWidth": 4, "imageHeight": 4, "imagePath": "a.jpg", "shapes": shapes}
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"shapes\[255\]: “c255” would be class number 256"):
        list(FORMATS["labelme"].read([tmp_path], ClassTable(), lambda stem: None))


def a_written_file(folder, name):
    classes = np.zeros((20, 30), np.uint8)
    classes[3:9, 4:20] = 1
    for _ in FORMATS[name].write(
        [Labelled("a.jpg", mask_from_array(classes))],
        (DefectClass(1, "dust", "#f0e442"),),
        folder,
        FORMATS[name].shapes[0],
    ):
        pass
    endings = {"png-index": "a.png", "png-colour": "a.png", "yolo": "labels/a.txt", "labelme": "a.json"}
    return folder / endings.get(name, {"coco": "annotations.json", "cvat": "annotations.xml"}.get(name, ""))


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "mvtec"])
@settings(max_examples=25)
@given(data=st.data())
def test_any_damage_is_a_sentence_or_a_mask(tmp_path_factory, name, data):
    folder = tmp_path_factory.mktemp("damaged")
    file = a_written_file(folder, name)
    raw = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    file.write_bytes(raw[: data.draw(st.integers(1, len(raw)))])
    told = ""
    try:
        list(FORMATS[name].read([file], ClassTable(), lambda stem: (30, 20)))
    except InputError as error:
        told = str(error)
    assert "\n" not in told
