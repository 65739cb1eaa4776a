"""A worker process: takes orders from a pipe, runs one at a time, reports. No Qt; torch only when the first order needs it.

The window has four of them. `long` inspects and trains; `quick` reads the picture in hand and judges again while the threshold
moves, so that both stay prompt while a board is inspected; `list` reads the thumbnails of all others; `labels` merges projects
and reads and writes the files of other tools. A worker may die at any moment: it owns nothing that is not also elsewhere.
"""

from __future__ import annotations

import importlib
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from padscope_desktop.background.protocol import Fault, Order

NICENESS = 10
THREAD_NICENESS = 5
"""Of the window's own threads: after the hand that paints, before the worker."""
Command = Callable[..., Any]
"""A generator that yields Progress or Part and returns the result."""


def main(connection: Connection, commands: str, threads: int) -> None:
    """Entry of the spawned process. `commands` is “module:table”, imported only here."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)  # before numpy or torch is imported
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is meant for the window
    be_nice()
    module, _, table = commands.partition(":")
    serve(connection, getattr(importlib.import_module(module), table))


def be_nice() -> None:
    """The window comes first."""
    if sys.platform == "win32":
        import psutil

        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(NICENESS)


def step_back() -> None:
    """The thread that calls this gives way to the window's; both belong to one process."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), THREAD_NICENESS)
    elif sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetThreadPriority(ctypes.c_void_p(-2), -1)  # this thread, below normal


def serve(connection: Connection, commands: Mapping[str, Command]) -> None:
    """Until the window says Stop or goes away."""
    from padscope_desktop.background.protocol import Ready

    inbox = Inbox(connection)
    threading.Thread(target=inbox.listen, name="orders", daemon=True).start()
    try:
        connection.send(Ready(os.getpid()))
        while (order := inbox.next()) is not None:
            run(order, commands, inbox, connection.send)
    except (BrokenPipeError, ConnectionResetError):
        return  # the window is gone, and so is everybody who could want a result


class Inbox:
    """Reads the pipe all the time, so that the window's writing never waits for a busy worker."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._stopped = threading.Event()

    def listen(self) -> None:
        from padscope_desktop.background.protocol import Cancel, Order

        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                break
            if isinstance(message, Order):
                self._orders.put(message)
            elif isinstance(message, Cancel):
                self._cancelled.add(message.job)
            else:
                break
        self._stopped.set()
        self._orders.put(None)

    def next(self) -> Order | None:
        return self._orders.get()

    def unwanted(self, job: int) -> bool:
        return job in self._cancelled or self._stopped.is_set()


def run(order: Order, commands: Mapping[str, Command], inbox: Inbox, send: Callable[[Any], None]) -> None:
    """One job; whatever happens, exactly one of Done, Failed or Cancelled is sent."""
    from padscope_desktop.background.protocol import Cancelled, Done, Failed, Part, Step

    answer: Done | Failed | Cancelled = Cancelled(order.job)
    try:
        work = commands[order.command](*order.arguments)
        try:
            while not inbox.unwanted(order.job):
                told = next(work)
                send(Part(order.job, told.value) if isinstance(told, Part) else Step(order.job, told))
        except StopIteration as stop:
            answer = Done(order.job, stop.value)
        finally:
            work.close()
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:  # a job must not take the worker with it
        answer = Failed(order.job, fault_of(error))
    send(answer)


def fault_of(error: Exception) -> Fault:
    from padscope.errors import PadscopeError
    from padscope_desktop.background.protocol import Fault

    if isinstance(error, PadscopeError):
        return Fault(str(error), type(error).__name__, megapixels=getattr(error, "megapixels", 0))
    details = "".join(traceback.format_exception(error))
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        sentence = "There was not enough memory for it; close other programs or take a smaller picture, and try again."
    elif isinstance(error, OSError):
        sentence = f"The system refused: {error.strerror or error}."
        if error.filename:
            sentence = f"The system refused “{error.filename}”: {error.strerror or error}."
    else:
        sentence = f"Something unforeseen went wrong ({type(error).__name__}: {error})."
    return Fault(sentence, type(error).__name__, ours=True, details=details)
