"""What comes in, through a dialog or dropped on the window: projects, pictures, layouts, models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Slot

from padscope_desktop.dialogs import Dialogs
from padscope_desktop.session import Session


class Doors(QObject):
    def __init__(self, session: Session, dialogs: Dialogs, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.dialogs = dialogs

    @Slot()
    def new_project(self) -> None:
        path = self.dialogs.new_project("New project", self._home())
        if path is not None:
            self.session.open_project(path, create=True)

    @Slot()
    def open_project(self) -> None:
        path = self.dialogs.project(self._home())
        if path is not None:
            self.session.open_project(path)

    @Slot(str)
    def open_recent(self, path: str) -> None:
        self.session.open_project(Path(path))

    @Slot()
    def save_as(self) -> None:
        path = self.dialogs.new_project("Save project as", self._home())
        if path is not None:
            self.session.save_as(path)

    @Slot()
    def add_pictures(self) -> None:
        self.session.add_pictures(self.dialogs.pictures(self._home()))

    @Slot()
    def add_folder(self) -> None:
        folder = self.dialogs.folder("Add a folder of pictures", self._home())
        if folder is not None:
            self.session.add_pictures([folder])

    @Slot()
    def watch_folder(self) -> None:
        folder = self.dialogs.folder(
            "Watch the folder the microscope saves into", self.session.watching.folder or self._home()
        )
        if folder is not None:
            self.session.watching.start(folder)

    def _home(self) -> Path | None:
        return self.session.project.parent if self.session.project is not None and self.session.named else None

    def take(self, paths: list[Path]) -> None:
        """Whatever was dropped, by its ending: a project, a layout, a model; everything else is taken for pictures."""
        takers: dict[str, Callable[[Path], object]] = {
            ".padscope": self.session.open_project,
            ".csv": self.session.choose_layout,
            ".json": self.session.choose_layout,
            ".padmodel": self.session.choose_model,
        }
        rest = []
        for path in paths:
            taker = takers.get(path.suffix.lower())
            if taker is not None:
                taker(path)
            else:
                rest.append(path)
        if rest:
            self.session.add_pictures(rest)


def dropped(data: QMimeData) -> list[Path]:
    """The local files of a drag."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
