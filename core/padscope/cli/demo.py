"""`demo`: the whole way on a board drawn on the spot, so that it works on any computer without any data."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Layout
from padscope.boards.layout_files import save_layout_json
from padscope.boards.rules import load_rules
from padscope.cli.gui import open_window
from padscope.cli.inspect import print_pad_table, summary
from padscope.cli.progress import say, shown
from padscope.datasets.drawn_board import demo_layout, demo_pose, draw_board, random_blemishes
from padscope.errors import OutputError
from padscope.store.artifacts import Model, save_model
from padscope.types import Progress, Work
from padscope.workflows.export import prepared_folder, store_inspection, write_outputs
from padscope.workflows.inspect import Inspector
from padscope.workflows.train import train_on_boards

FOLDER = Path("padscope-demo")
SOUND_BOARDS = 4
FALSE_ALARMS = 0.1  # of so few sound pads no smaller share can be told
SETTINGS = {"bank_size": 1024, "blemishes": 150}  # enough for metal that one program drew
BLEMISHED_SHARE = 0.3


def demo(arguments: argparse.Namespace) -> int:
    """Draws, trains, inspects, prints, writes; then opens the window on the project it made."""
    folder = prepared_folder(arguments.out or FOLDER)
    layout = demo_layout()
    save_layout_json(layout, folder / "layout.json")
    sound, blemished = shown(draw(layout, folder))
    model = shown(train_on_boards(sound, layout, settings=SETTINGS, false_alarms=FALSE_ALARMS))
    model_file = save_model(model, folder / "demo.padmodel")
    project = inspected(blemished, layout, model, model_file, folder)
    say(f"Everything is in {folder}; the project is {project.name}.")
    return 0 if arguments.headless else open_window(str(project))


def draw(layout: Layout, folder: Path) -> Work[tuple[list[Path], Path]]:
    """Sound boards to learn from, and one with blemishes; PNG files in the folder."""
    um_to_px, width, height = demo_pose(layout)
    sound = []
    for i in range(SOUND_BOARDS):
        yield Progress(i, SOUND_BOARDS + 1, "drawing boards")
        picture, _ = draw_board(layout, um_to_px, width, height, seed=i)
        sound.append(write_png(folder / f"sound{i + 1}.png", picture))
    yield Progress(SOUND_BOARDS, SOUND_BOARDS + 1, "drawing boards")
    blemishes = random_blemishes(layout, BLEMISHED_SHARE, seed=7)
    picture, _ = draw_board(layout, um_to_px, width, height, seed=100, defects=blemishes)
    return sound, write_png(folder / "blemished.png", picture)


def inspected(picture: Path, layout: Layout, model: Model, model_file: Path, folder: Path) -> Path:
    """Inspects one picture, prints its pad map, writes its files and stores it; returns the project file."""
    inspector = Inspector(model, layout, load_rules(None))
    found = shown(inspector.inspect(picture))
    print(summary(found.pad_map, found.seconds))
    print_pad_table(found.pad_map)
    write_outputs(found, layout, picture, folder, heat=True)
    project = folder / "demo.padscope"
    store_inspection(project, found, layout, model_file, picture)
    return project


def write_png(path: Path, rgb: NDArray[np.uint8]) -> Path:
    done, data = cv2.imencode(".png", rgb[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    assert done, "OpenCV encodes every 8-bit RGB array"
    try:
        path.write_bytes(data.tobytes())
    except OSError as problem:
        raise OutputError(
            f"{path} cannot be written ({problem.strerror}); choose another folder with --out."
        ) from problem
    return path
