"""A stand-in for a worker: the same orders and reports, in this process, one step per turn of the event loop."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from padscope_desktop.background.protocol import Cancel, Cancelled, Done, Failed, Order, Part, Ready, Step
from padscope_desktop.background.worker import fault_of


class InlineLane(QObject):
    received = Signal(object)
    died = Signal(object)

    def __init__(self, name: str, commands: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__()
        self.name = name
        self.commands = commands
        self.started = False
        self.orders: list[Order] = []
        self.stubborn = False
        """Ignores Cancel, like a worker deep in a long call."""
        self._dying = False
        self._order: Order | None = None
        self._work: Generator[Any, None, Any] | None = None
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._turn)

    @property
    def busy(self) -> bool:
        return self._work is not None

    def start(self) -> None:
        self.started = True
        QTimer.singleShot(0, self._say_ready)

    def send(self, message: object) -> None:
        if self._dying:
            return
        if isinstance(message, Order):
            assert self._work is None, "one job at a time"
            self.orders.append(message)
            self._order, self._work = message, self.commands[message.command](*message.arguments)
            self._timer.start()
        elif (
            isinstance(message, Cancel)
            and self._order is not None
            and message.job == self._order.job
            and not self.stubborn
        ):
            assert self._work is not None
            self._work.close()
            self._answer(Cancelled(message.job))

    def kill(self) -> None:
        self._stop()
        if self.started and not self._dying:
            self._dying = True
            QTimer.singleShot(0, self._say_died)

    def close(self) -> None:
        if self._work is not None:
            self._work.close()
        self._stop()

    def _turn(self) -> None:
        assert self._work is not None
        assert self._order is not None
        try:
            told = next(self._work)
        except StopIteration as stop:
            self._answer(Done(self._order.job, stop.value))
        except Exception as error:
            self._answer(Failed(self._order.job, fault_of(error)))
        else:
            self.received.emit(
                Part(self._order.job, told.value) if isinstance(told, Part) else Step(self._order.job, told)
            )

    def _answer(self, report: object) -> None:
        self._stop()
        self.received.emit(report)

    def _stop(self) -> None:
        self._timer.stop()
        self._order = self._work = None

    def _say_ready(self) -> None:
        if not self._dying:
            self.received.emit(Ready(0))

    def _say_died(self) -> None:
        self.started = self._dying = False
        self.died.emit(-9)
