"""Puts the parts together and runs them. The window is on the screen before anything heavy is loaded, here or in a worker."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QTimer, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

import padscope
from padscope_desktop import settings
from padscope_desktop.background.jobs import Jobs
from padscope_desktop.background.keeper import Keeper
from padscope_desktop.background.lanes import ProcessLane
from padscope_desktop.litter import Litter
from padscope_desktop.main_window import MainWindow
from padscope_desktop.session import Session

MOST_UNNAMED = 8
LANES = ("quick", "long", "list", "labels")
"""Workers: see `background.worker`."""
LOG = logging.getLogger("padscope")


def main(project: str | None = None) -> int:
    """Returns when the window is closed."""
    multiprocessing.freeze_support()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C in the terminal ends the window: everything is saved
    app = application()
    window = build()
    window.show()
    Litter(window)
    QTimer.singleShot(0, Start(window, project, app).go)
    return app.exec()


def application() -> QApplication:
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("Padscope")
    app.setApplicationVersion(padscope.__version__)
    app.setStyle("Fusion")
    qInstallMessageHandler(_log_qt)
    return app


def build(session: Session | None = None) -> MainWindow:
    """A window with its own workers, or with a session that a test has made."""
    if session is None:
        jobs = Jobs({name: ProcessLane(name) for name in LANES})
        session = Session(jobs, Keeper(), settings.cache_folder())
    return MainWindow(session, settings.load(settings.place()))


def unnamed_places() -> list[Path]:
    """Where the project lives that nobody has named; several, as several windows may be open."""
    folder = settings.data_folder()
    return [folder / f"unnamed-{n}.padscope" for n in range(1, MOST_UNNAMED + 1)]


class Start:
    """What happens once the window is on the screen."""

    def __init__(self, window: MainWindow, project: str | None, app: QApplication) -> None:
        self._window = window
        self._project = project
        app.setProperty("start", self)  # held until the event loop has called it

    def go(self) -> None:
        session = self._window.session
        session.jobs.warm_up("quick")
        if self._project:
            path = Path(self._project)
            session.open_project(path, create=not path.exists())
        else:
            session.open_unnamed(unnamed_places())
        session.warm_up()


def _log_qt(_: object, context: object, words: str) -> None:
    """Qt's own remarks go to the log, not to the terminal of whoever started the window."""
    LOG.debug("Qt: %s", words)
