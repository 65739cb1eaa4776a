"""Questions that only the system can ask: which file. One object, so that tests answer in its place."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

PICTURES = "Pictures (*.jpg *.jpeg *.png *.tif *.tiff *.bmp);;All files (*)"
PROJECTS = "Padscope projects (*.padscope)"
LAYOUTS = "Layouts (*.csv *.json);;All files (*)"
DRAWINGS = (
    "Layouts and drawings (*.csv *.json *.dxf *.kicad_pcb *.kicad_mod *.ipc *.d356 *.356 *.net *.gbr *.ger *.gtl *.gbl *.gts "
    "*.gbs *.art *.pho);;All files (*)"
)
SAVED = "Layout, everything kept (*.json);;Table of rectangles (*.csv);;Drawing (*.dxf)"
RULES = "Rules (*.toml);;All files (*)"
MANIFESTS = "Manifests of tile sets (tiles.json *.json)"
MODELS = "Models (*.padmodel)"


class Dialogs:
    """Native dialogs; an empty answer means that a person thought better of it."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def pictures(self, start: Path | None) -> list[Path]:
        names, _ = QFileDialog.getOpenFileNames(self._parent, "Add pictures", _text(start), PICTURES)
        return [Path(n) for n in names]

    def folder(self, title: str, start: Path | None) -> Path | None:
        return _path(QFileDialog.getExistingDirectory(self._parent, title, _text(start)))

    def project(self, start: Path | None) -> Path | None:
        return _path(QFileDialog.getOpenFileName(self._parent, "Open project", _text(start), PROJECTS)[0])

    def new_project(self, title: str, start: Path | None) -> Path | None:
        path = _path(QFileDialog.getSaveFileName(self._parent, title, _text(start), PROJECTS)[0])
        return path if path is None or path.suffix else path.with_suffix(".padscope")

    def one_of(self, title: str, what: str, options: list[str]) -> str | None:
        """One of a few words."""
        chosen, agreed = QInputDialog.getItem(self._parent, title, what, options, 0, False)
        return chosen if agreed else None

    def layout(self, start: Path | None) -> Path | None:
        return _path(
            QFileDialog.getOpenFileName(self._parent, "Choose the layout of the board", _text(start), LAYOUTS)[0]
        )

    def drawing(self, start: Path | None) -> Path | None:
        return _path(QFileDialog.getOpenFileName(self._parent, "Import a layout", _text(start), DRAWINGS)[0])

    def save_layout(self, name: str, start: Path | None) -> Path | None:
        proposed = str((start or Path()) / f"{name}.json")
        chosen, kind = QFileDialog.getSaveFileName(self._parent, "Save the layout", proposed, SAVED)
        return as_chosen(chosen, proposed, kind)

    def model(self, start: Path | None) -> Path | None:
        return _path(QFileDialog.getOpenFileName(self._parent, "Choose a model", _text(start), MODELS)[0])

    def manifest(self, start: Path | None) -> Path | None:
        return _path(
            QFileDialog.getOpenFileName(self._parent, "Open a tile set's manifest", _text(start), MANIFESTS)[0]
        )

    def rules(self, start: Path | None) -> Path | None:
        return _path(QFileDialog.getOpenFileName(self._parent, "Open rules", _text(start), RULES)[0])

    def save_rules(self, name: str, start: Path | None) -> Path | None:
        proposed = str((start or Path()) / f"{name}.toml")
        path = _path(QFileDialog.getSaveFileName(self._parent, "Save the rules", proposed, RULES)[0])
        return path if path is None or path.suffix else path.with_suffix(".toml")


def as_chosen(name: str, proposed: str, kind: str) -> Path | None:
    """A file name with the ending of the kind chosen below it (“Drawing (*.dxf)”), unless a person typed another one."""
    if not name:
        return None
    path, kinds = Path(name), re.findall(r"\*(\.\w+)", SAVED)
    wanted = next(iter(re.findall(r"\*(\.\w+)", kind)), kinds[0])
    if path.suffix.lower() not in kinds:  # “flex v2.3” has none
        return Path(name + wanted)
    return path.with_suffix(wanted) if path.suffix == Path(proposed).suffix else path


def _path(name: str) -> Path | None:
    return Path(name) if name else None


def _text(start: Path | None) -> str:
    return str(start) if start is not None else ""
