"""The window's end of a worker process: starts it, carries messages, notices its death at once."""

from __future__ import annotations

import multiprocessing
import os
import queue
import sys
from multiprocessing.connection import Connection, wait
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal, Slot

from padscope_desktop.background import worker
from padscope_desktop.background.protocol import Stop

COMMANDS = "padscope_desktop.background.worker_commands:COMMANDS"
STOP_S = 2.0
"""How long a worker may take to end by itself when the window closes."""


class Messenger(QThread):
    """Only carries: what the worker says becomes a signal, what the window posts goes into the pipe. Writing happens here, too,
    so that a worker that does not read never holds the window up. Signals: received(Report) · gone(exit code)."""

    received = Signal(object)
    gone = Signal(object)

    def __init__(self, process: multiprocessing.process.BaseProcess, connection: Connection, parent: QObject) -> None:
        super().__init__(parent)
        self._process = process
        self._connection = connection
        self._outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._bell, self._button = multiprocessing.Pipe(duplex=False)

    def post(self, message: object) -> None:
        """Any thread; None ends the carrying."""
        self._outbox.put(message)
        self._button.send_bytes(b".")

    def run(self) -> None:
        try:
            while self._carry():
                pass
        except (EOFError, OSError):
            pass  # the pipe broke: the worker is dying
        self._process.join()
        for end in (self._connection, self._bell, self._button):
            end.close()
        self.gone.emit(self._process.exitcode)

    def _carry(self) -> bool:
        ready = wait([self._connection, self._bell, self._process.sentinel])
        if self._bell in ready:
            self._bell.recv_bytes()
            message = self._outbox.get()
            if message is None:
                return False
            self._connection.send(message)
        if self._connection in ready:
            self.received.emit(self._connection.recv())
            return True
        return self._process.sentinel not in ready  # what it said before it died has been read


class ProcessLane(QObject):
    """One worker process after another. Signals: received(Report) · died(exit code), only when nobody asked it to go."""

    received = Signal(object)
    died = Signal(object)

    def __init__(self, name: str, commands: str = COMMANDS, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._commands = commands
        self._process: multiprocessing.process.BaseProcess | None = None
        self._messenger: Messenger | None = None
        self._closing = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def started(self) -> bool:
        return self._messenger is not None

    def start(self) -> None:
        """`spawn`: a fork would take Qt's threads' locks along. Daemonic: it goes when the window is killed."""
        if "cv2" in sys.modules:
            import cv2  # noqa: F401  waits where another thread is just importing it: until then its own folder, with a
            # `typing` of its own, stands on the path that the new process inherits (opencv#18502), which would die of it
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        threads = max(1, (os.cpu_count() or 2) - 1)
        process = context.Process(
            target=worker.main, args=(theirs, self._commands, threads), name=f"padscope {self.name}", daemon=True
        )
        process.start()
        theirs.close()
        self._process = process
        self._messenger = Messenger(process, ours, self)
        self._messenger.received.connect(self.received)
        self._messenger.gone.connect(self._on_gone)
        self._messenger.start()

    def send(self, message: object) -> None:
        if self._messenger is not None:
            self._messenger.post(message)

    def kill(self) -> None:
        """Now; `died` follows."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """Ends the worker, by force if it does not end by itself, and waits for the messenger."""
        self._closing = True
        if self._messenger is None or self._process is None:
            return
        self._messenger.post(Stop())
        if not self._messenger.wait(int(STOP_S * 1000)):
            self._process.kill()
            self._messenger.wait()
        self._messenger = self._process = None

    @Slot(object)
    def _on_gone(self, exit_code: int | None) -> None:
        messenger, self._messenger = self._messenger, None
        self._process = None
        if messenger is not None:
            messenger.wait()
            messenger.deleteLater()
        if not self._closing:
            self.died.emit(exit_code)
