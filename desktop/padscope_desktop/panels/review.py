"""The technician's way through a board: how far it is, what is decided about the chosen pad, and the signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from padscope.boards.pad_map import Verdict
from padscope.boards.review import Decision, PadDecision, Progress
from padscope_desktop.panels.parts import Chooser, Elided, button, named, set_primary
from padscope_desktop.quantities import local_time
from padscope_desktop.theme import TARGET, VERDICTS

if TYPE_CHECKING:
    from padscope.store.reviews import SignatureRow

CHOICES = (Verdict.OK, Verdict.OK_SHIFT, Verdict.REDUCED, Verdict.RE_CLEAN, Verdict.NOT_BONDABLE, Verdict.UNKNOWN)


class ReviewPanel(QWidget):
    """Signals: form_shown(bool) · agreed() · clean_wanted() · override_wanted(Verdict, reason) · sign_wanted() ·
    reopen_wanted(reason)."""

    form_shown = Signal(bool)
    agreed = Signal()
    clean_wanted = Signal()
    override_wanted = Signal(object, str)
    sign_wanted = Signal()
    reopen_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = Elided()
        self.bar = named(QProgressBar(textVisible=False), "Pads looked at")
        self.bar.setFixedSize(72, 6)
        self.agree = button("Agree", tip="The verdict is right; on to the next pad (Enter)")
        self.clean = button("Re-clean", tip="To be cleaned and looked at again (C)")
        self.other = button("Other…", tip="Another verdict, with a reason (O)")
        self.sign = button("Sign off", tip="Lock the pad map under your name (Ctrl+Enter)")
        self.reason = named(QLineEdit(), "Reason")
        self.verdict = named(Chooser(), "Verdict")
        self.save = button("Save", primary=True)
        self.cancel = button("Cancel")
        for verdict in CHOICES:
            self.verdict.addItem(VERDICTS[verdict].words, verdict)
        for part in (self.reason, self.verdict):
            part.setMinimumHeight(TARGET)
        self._reopening = False
        self._lay_out()
        for clicked, act in (
            (self.agree, self.agreed),
            (self.clean, self.clean_wanted),
        ):
            clicked.clicked.connect(act)
        self.other.clicked.connect(self.begin_override)
        self.sign.clicked.connect(self._on_sign)
        self.save.clicked.connect(self._on_save)
        self.reason.returnPressed.connect(self._on_save)
        self.cancel.clicked.connect(self.end_form)
        self.end_form()

    def _lay_out(self) -> None:
        top, keys, bottom = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row in (top, keys, bottom):
            row.setSpacing(8)
        top.addWidget(self.words, 1)
        top.addWidget(self.bar)
        keys.setContentsMargins(0, 0, 0, 0)
        for part in (self.agree, self.clean, self.other, self.sign):
            part.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            part.setProperty("tight", True)  # four of them side by side in the narrowest panel
            keys.addWidget(part, 1)
        self._keys = QWidget()
        self._keys.setLayout(keys)
        self._form = QWidget()
        form = QVBoxLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(8)
        form.addWidget(self.reason)
        bottom.addWidget(self.verdict, 1)
        bottom.addWidget(self.cancel)
        bottom.addWidget(self.save)
        form.addLayout(bottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self._keys)
        column.addWidget(self._form)

    def show_state(
        self, done: Progress, pad: str | None, decided: PadDecision | None, signature: SignatureRow | None, armed: bool
    ) -> None:
        """`pad` is the chosen one, `armed`: Enter once more signs."""
        signed = signature is not None
        if signature is not None:
            text = f"Signed by {signature.author}, {local_time(signature.at)}"
        elif armed:
            text = "Press Enter again to sign"
        elif not done.of:
            text = "Nothing to see: Enter, Enter signs"
        elif done.complete:
            text = f"All {done.of} looked at: Enter, Enter signs"
        else:
            text = f"{done.words()} looked at" + (f"   {_said(decided)}" if decided is not None else "")
        self.words.setText(text)
        self.words.setToolTip(text)
        self.bar.setVisible(bool(done.of) and not signed)
        self.bar.setRange(0, max(done.of, 1))
        self.bar.setValue(done.done)
        for part in (self.agree, self.clean, self.other):
            part.setEnabled(pad is not None and not signed)
            part.setVisible(not signed)
        self.sign.setText("Open again…" if signed else "Sign off")
        self.sign.setToolTip(
            "Take the sign-off back, with a reason" if signed else "Lock the pad map under your name (Ctrl+Enter)"
        )
        self._signed = signed
        set_primary(self.sign, done.complete and not signed)
        set_primary(self.agree, pad is not None and decided is None and not done.complete)

    @property
    def form_open(self) -> bool:
        return self._form.isVisibleTo(self)

    @property
    def override_open(self) -> bool:
        return self.form_open and not self._reopening

    @Slot()
    def begin_override(self) -> None:
        if self.other.isEnabled():
            self._begin(reopening=False)

    def begin_reopen(self) -> None:
        self._begin(reopening=True)

    def _begin(self, *, reopening: bool) -> None:
        self._reopening = reopening
        self.verdict.setVisible(not reopening)
        self.reason.setPlaceholderText("why it is opened again" if reopening else "why: what you see on the pad")
        self.save.setText("Open again" if reopening else "Save")
        self.reason.clear()
        self._show_form(True)
        (self.reason if reopening else self.verdict).setFocus()

    @Slot()
    def end_form(self) -> None:
        self._show_form(False)

    def _show_form(self, on: bool) -> None:
        """In the place of the buttons: there is one thing to do."""
        self._form.setVisible(on)
        self._keys.setVisible(not on)
        self.form_shown.emit(on)

    @Slot()
    def _on_sign(self) -> None:
        if self._signed:
            self.begin_reopen()
        else:
            self.sign_wanted.emit()

    @Slot()
    def _on_save(self) -> None:
        if self._reopening:
            self.reopen_wanted.emit(self.reason.text())
        else:
            self.override_wanted.emit(Verdict(self.verdict.currentData()), self.reason.text())

    _signed = False


def _said(decision: PadDecision) -> str:
    if decision.decision is Decision.OVERRIDDEN:
        return f"{decision.pad}: {VERDICTS[decision.verdict].words}, by {decision.author}"
    return f"{decision.pad}: agreed"
