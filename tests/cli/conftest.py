"""A small drawn board project, made once: pictures, layout, and a quick model."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from padscope.boards.layout import Layout
from padscope.boards.layout_files import save_layout_json
from padscope.cli import main
from padscope.cli.demo import draw
from padscope.datasets.drawn_board import demo_layout
from padscope.types import finish


@dataclass(frozen=True)
class Bench:
    """Files every command can be tried on; tests copy what they damage."""

    folder: Path
    layout: Layout
    layout_file: Path
    sound: list[Path]
    blemished: Path
    model: Path


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("bench")
    layout = demo_layout()
    layout_file = folder / "layout.json"
    save_layout_json(layout, layout_file)
    sound, blemished = finish(draw(layout, folder))
    model = folder / "blob.padmodel"
    command = ["train", "--detector", "blob", "--model", str(model), "--layout", str(layout_file)]
    assert main([*command, "--false-alarms", "0.1", "--pictures", *map(str, sound)]) == 0
    return Bench(folder, layout, layout_file, sound, blemished, model)
