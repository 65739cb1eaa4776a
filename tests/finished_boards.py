"""Boards of three pads as tile sets are made of: pictures on the disk, finished labels, known poses."""

from dataclasses import replace

import cv2
import numpy as np

from padscope.boards.layout import Layout, Pad
from padscope.masks.class_mask import ClassMask, mask_from_array
from padscope.pictures.picture import open_picture
from padscope.store import labels as store
from padscope.store.rows import PictureRow
from padscope.types import Affine
from padscope.workflows.labels_in import difference
from reference_projects import a_pad_map

W, H = 420, 300
PADS = [(30, 20, 170, 280), (200, 20, 390, 130), (200, 160, 390, 290)]  # x0, y0, x1, y1 in px
LAYOUT = Layout(
    "three pads",
    tuple(Pad(f"P{k}", x0 + x1, y0 + y1, 2 * (x1 - x0), 2 * (y1 - y0)) for k, (x0, y0, x1, y1) in enumerate(PADS)),
    (),
)
POSE = Affine(0.5, 0, -0.5, 0, 0.5, -0.5)  # 2 µm per px


def metal(seed):
    rng = np.random.default_rng(seed)
    picture = np.empty((H, W, 3), np.float64)
    picture[:] = (30, 80, 50)
    for x0, y0, x1, y1 in PADS:
        picture[y0:y1, x0:x1] = (200, 180, 120)
    return np.clip(picture + rng.normal(0, 5, picture.shape), 0, 255).astype(np.uint8)


def pads_inside():
    out = np.zeros((H, W), bool)
    for x0, y0, x1, y1 in PADS:
        out[y0:y1, x0:x1] = True
    return out


def board(project, folder, number, *, module="", defect=None, posed=True):
    """A finished picture of a board, with a defect of a class in a box of it or without."""
    path = folder / f"board{number}.png"
    cv2.imwrite(str(path), metal(number)[..., ::-1])
    with open_picture(path) as opened:
        sha = opened.sha256
    project.add_picture(PictureRow(sha, str(path), W, H, module=module))
    label = store.begin_label(project, sha, author="AB")
    if defect is not None:
        name, box = defect
        known = next((c for c in store.classes(project) if c.name == name), None) or store.add_class(
            project, name, "#112233"
        )
        classes = np.zeros((H, W), np.uint8)
        classes[box.slices] = known.value
        edit = difference(ClassMask(W, H), mask_from_array(classes))
        store.commit_edit(project, label.id, edit, tool="brush", author="AB")
    store.review_label(project, label.id, state="done", comment="", author="AB")
    if posed:
        pad_map = a_pad_map(number)
        facts = replace(pad_map.picture, sha256=sha, width_px=W, height_px=H)
        project.add_inspection(replace(pad_map, picture=facts, um_to_px=POSE), LAYOUT, picture_path=str(path))
    return sha
