"""The page on which a model is trained: which pictures it lists, what it starts, how far that is."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from padscope_desktop.background.jobs import Job
from padscope_desktop.panels.inspect import InspectPanel
from padscope_desktop.panels.train import free_name
from padscope_desktop.session import Session


class TrainingDesk(QObject):
    """Links the page with the session. Signal: detector_chosen(name)."""

    detector_chosen = Signal(str)

    def __init__(self, session: Session, panel: InspectPanel, parent: QObject) -> None:
        super().__init__(parent)
        self.detector = "patchcore"
        self._session = session
        self._panel = panel
        self._job: Job | None = None
        session.album_changed.connect(self._on_album)
        session.detectors_changed.connect(self._on_detectors)
        session.jobs.changed.connect(self._on_jobs)
        panel.train.start_wanted.connect(self._on_start)
        panel.train.cancel_wanted.connect(self._on_cancel)

    def open(self, keys: list[int] | None = None) -> None:
        """On these pictures, or on those whose names say that they show sound boards."""
        session, page = self._session, self._panel.train
        if session.layout is None or not len(session.album):
            session.mentioned.emit("Training needs pictures and the layout of their board")
            return
        folder = session.models_folder
        sound = [k for k, e in session.album.entries.items() if e.name.lower().startswith(("good", "sound"))]
        if self._job is None:
            stem = free_name(folder, session.layout.name).rsplit("-", 1)[0]
            page.open(session.album, keys or sound, folder, stem)
        self._panel.show_training()

    @Slot()
    def _on_album(self) -> None:
        """The page lists the pictures there are now, those of another project included."""
        if self._job is None:
            self._panel.train.list_pictures(self._session.album, self._panel.train.keys())
            if not len(self._session.album):
                self._panel.show_inspect()

    @Slot()
    def _on_detectors(self) -> None:
        self._panel.train.set_detectors(self._session.detectors, self.detector)

    @Slot(object, str, object, object)
    def _on_start(self, keys: list[int], detector: str, settings: dict[str, object], file: Path) -> None:
        self.detector_chosen.emit(detector)
        self._job = self._session.train(keys, detector, settings, file, self._panel.train.promise.values())
        self._panel.train.set_running(self._job is not None)

    @Slot()
    def _on_cancel(self) -> None:
        if self._job is not None:
            self._session.jobs.cancel(self._job)

    @Slot()
    def _on_jobs(self) -> None:
        job = self._job
        if job is None:
            return
        if job in self._session.jobs.active():
            if job.progress is not None:
                self._panel.train.show_progress(job.progress)
            return
        self._job = None
        self._panel.train.set_running(False)
        if self._panel.training:  # who reads rules or the history meanwhile goes on reading
            self._panel.show_inspect()
