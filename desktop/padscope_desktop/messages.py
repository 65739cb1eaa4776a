"""What the window says: a bar above the picture for what needs an answer, a line in the status bar for what does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from padscope_desktop.background.protocol import Fault, WorkerDeath


@dataclass(frozen=True)
class Choice:
    """A button: what it says and what it does."""

    words: str
    act: Callable[[], None]


@dataclass(frozen=True)
class Message:
    """What happened, what is safe, what to do. `topic`: a newer message on the same topic takes the place of an older one."""

    topic: str
    headline: str
    text: str = ""
    details: str = ""
    choices: tuple[Choice, ...] = ()


def about_fault(topic: str, what: str, fault: Fault, *choices: Choice) -> Message:
    """An input's fault is said as it is; for a bug, that the work is safe comes along, and the traceback, folded."""
    safe = " Everything done so far is saved." if fault.ours else ""
    return Message(topic, what, fault.sentence + safe, fault.details, choices)


def about_death(death: WorkerDeath, again: Choice | None) -> Message:
    """Nothing is lost with a worker but what it was doing."""
    doing = f" It was busy with: {death.job}." if death.job else ""
    now = "A new one is running." if death.restarted else "It cannot be started again; see Help, Check this computer."
    headline = "The background worker stopped unexpectedly."
    return Message(
        "worker", headline, f"{doing} {now} Your project is safe.".strip(), choices=(again,) if again else ()
    )


class MessageBar(QFrame):
    """Shows the newest message until it is answered or dismissed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message")
        self._messages: list[Message] = []
        self._shown: list[QPushButton] = []
        self._answers: list[_Answer] = []
        self._headline = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        font = self._headline.font()
        font.setBold(True)
        self._headline.setFont(font)
        self._text = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._details = QPlainTextEdit(readOnly=True)
        self._details.setMaximumHeight(160)
        self._details.hide()
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._headline)
        words.addWidget(self._text)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(words, 1)
        row.addLayout(self._buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 8, 8)
        column.addLayout(row)
        column.addWidget(self._details)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.hide()

    @property
    def message(self) -> Message | None:
        return self._messages[-1] if self._messages else None

    def say(self, message: Message) -> None:
        self._messages = [m for m in self._messages if m.topic != message.topic] + [message]
        self._show()

    def withdraw(self, topic: str) -> None:
        """What it was about is over."""
        if any(m.topic == topic for m in self._messages):
            self._messages = [m for m in self._messages if m.topic != topic]
            self._show()

    @Slot()
    def dismiss(self) -> None:
        if self._messages:
            self._messages.pop()
            self._show()

    def buttons(self) -> list[QPushButton]:
        return list(self._shown)

    def _show(self) -> None:
        message = self.message
        for button in self._shown:
            self._buttons.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._shown, self._answers = [], []
        self._details.hide()
        if message is None:
            self.hide()
            return
        self._headline.setText(message.headline)
        self._text.setText(message.text)
        self._text.setVisible(bool(message.text))
        self._details.setPlainText(message.details)
        for choice in message.choices:
            answer = _Answer(self, message, choice)
            self._answers.append(answer)  # a connection to a method does not keep its object
            self._add(choice.words, answer.give)
        if message.details:
            self._add("Details", self._toggle_details)
        behind = len(self._messages) - 1
        self._add(f"Dismiss, {behind} more" if behind else "Dismiss", self.dismiss)
        self.show()

    def _add(self, words: str, act: Callable[[], None]) -> None:
        button = QPushButton(words)
        button.clicked.connect(act)
        self._shown.append(button)
        self._buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)

    @Slot()
    def _toggle_details(self) -> None:
        self._details.setVisible(not self._details.isVisible())


class _Answer:
    """Takes the message away, then does what was chosen."""

    def __init__(self, bar: MessageBar, message: Message, choice: Choice) -> None:
        self._bar, self._message, self._choice = bar, message, choice

    def give(self) -> None:
        self._bar.withdraw(self._message.topic)
        self._choice.act()
