"""Trying rules on the board on the screen and on the last ones, and using them: nothing changes before a person says so."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from padscope.boards.changes import Change, Changes, PadChange, compare_verdicts
from padscope.boards.layout_text import written_whole
from padscope.boards.pad_map import PadResult
from padscope.boards.rules import Rules, edited_toml, load_rules, parse_rules, rule_names
from padscope.errors import OutputError, RulesError
from padscope_desktop import stock
from padscope_desktop.background.jobs import Job
from padscope_desktop.background.payloads import RulesTried
from padscope_desktop.background.protocol import Fault
from padscope_desktop.inspecting.board import Board
from padscope_desktop.inspecting.reviewing import Reviewing
from padscope_desktop.messages import Message, about_fault
from padscope_desktop.quantities import count
from padscope_desktop.theme import VERDICTS

if TYPE_CHECKING:
    from padscope_desktop.inspecting.mode import InspectMode

MOST_NAMED = 6
NEXT_TIME = "What a picture must show counts from the next inspection on: judging again does not look at the picture."
NO_COMMENTS = "The comments of the file could not be kept."


class RulesDesk(QObject):
    """Links the page of rules with the session."""

    def __init__(self, mode: InspectMode, reviewing: Reviewing) -> None:
        super().__init__(mode)
        self._mode = mode
        self._session = mode.session
        self._reviewing = reviewing
        self._page = mode.panel.rules
        self._file = self._session.judging.rules  # what the form started from
        self._in_use = self._session.judging.rules
        self._board: Board | None = None  # that was judged for the trial last
        self._trying: Job | None = None
        page = self._page
        page.set_templates(rule_names())
        page.show_rules(self._file)
        page.template_wanted.connect(self._on_template)
        page.open_wanted.connect(self._on_open)
        page.save_wanted.connect(self._on_save)
        page.edited.connect(self._on_edited)
        page.try_wanted.connect(self._on_try)
        page.use_wanted.connect(self._on_use)
        mode.panel.page_changed.connect(self._on_page)
        reviewing.changed.connect(self._on_board)

    @Slot()
    def toggle(self) -> None:
        if self._mode.panel.ruling:
            self._mode.panel.show_inspect()
        else:
            self._mode.panel.show_rules()

    # What stands in the form

    def draft(self) -> Rules:
        """With its text, as a file of it would be; a template that was changed is not called like it any more."""
        rules = self._page.rules()
        name = rules.name or "my rules"
        if name in rule_names() and replace(rules, name=name) != load_rules(name):
            name = f"{name}, changed"
        text = edited_toml(self._file.text, replace(rules, name=name))
        return parse_rules(text.encode(), name)

    @property
    def _changed(self) -> bool:
        return self.draft() != self._session.judging.rules

    def _start_from(self, rules: Rules) -> None:
        self._file = rules
        self._page.show_rules(rules)
        self._on_edited()

    @Slot(str)
    def _on_template(self, name: str) -> None:
        self._start_from(load_rules(name) if name else self._session.judging.rules)

    @Slot()
    def _on_open(self) -> None:
        path = self._mode.dialogs.rules(self._near())
        if path is None:
            return
        try:
            self._start_from(parse_rules(path.read_bytes(), path.name))
        except (RulesError, OSError) as error:
            self._session.said.emit(Message("rules", f"{path.name} was not opened.", str(error)))

    @Slot()
    def _on_save(self) -> None:
        rules = self.draft()
        path = self._mode.dialogs.save_rules(rules.name, self._near())
        if path is None:
            return
        try:
            written_whole(path, rules.text)
        except OutputError as error:
            self._session.said.emit(Message("rules", "The rules were not saved.", str(error)))
            return
        lost = "#" in self._file.text and "#" not in rules.text
        self._session.mentioned.emit(f"Rules saved as {path.name}" + (f". {NO_COMMENTS}" if lost else ""))

    def _near(self) -> Path | None:
        return self._session.project.parent if self._session.project is not None and self._session.named else None

    # This board

    @Slot()
    def _on_page(self) -> None:
        if self._mode.panel.ruling:
            if not self._follow():
                self._on_edited()
        else:
            self._board = None
            self._reviewing.show_trial(None)

    @Slot()
    def _on_board(self) -> None:
        """Another board, another threshold, other paint."""
        if not self._follow() and self._mode.panel.ruling and self._session.judging.board is not self._board:
            self._judge()

    def _follow(self) -> bool:
        """Whether other rules came into use than the form knew of: by this page, or by another project."""
        if self._session.judging.rules is self._in_use:
            return False
        self._in_use = self._session.judging.rules
        self._page.template.setCurrentIndex(0)
        self._start_from(self._in_use)
        return True

    @Slot()
    def _on_edited(self) -> None:
        self._page.show_tried(None)
        if self._mode.panel.ruling:
            self._judge()

    def _judge(self) -> None:
        rules, board = self.draft(), self._session.judging.board
        self._board = board
        self._show_state()
        prepared = board.for_judging(rules) if board is not None else None
        if board is None or prepared is None or rules == self._session.judging.rules:
            words = (
                "These rules are in use." if rules == self._session.judging.rules else "No board here to try them on."
            )
            self._page.show_effect(words, "")
            self._reviewing.show_trial(None)
            return
        self._session.jobs.start(
            "judge",
            f"trial/{board.key}/{id(board)}/{rules.sha256}",
            prepared,
            board.factor,
            board.hand,
            title="Trying the rules",
            lane="quick",
            slot="trial",
            urgent=True,
            retries=1,
            shown=False,
            done=partial(self._on_judged, board, rules),
            failed=partial(self._on_failed, "The rules could not be tried."),
        )

    def _on_judged(self, board: Board, rules: Rules, pads: tuple[PadResult, ...]) -> None:
        now = self._reviewing.standing
        trial = self._reviewing.decided_on(board.judged(pads, board.factor, rules))
        if not self._mode.panel.ruling or board is not self._session.judging.board or now is None or trial is None:
            return
        if rules != self.draft():
            return
        changes = compare_verdicts(now.pads, trial.pads)
        note = NEXT_TIME if rules.picture != self._session.judging.rules.picture else ""
        self._page.show_effect(change_words(changes), note)
        self._reviewing.show_trial(trial)

    def _show_state(self) -> None:
        self._page.set_state(
            changed=self._changed, can_use=self._session.project is not None, trying=self._trying is not None
        )

    # The last boards, and using them

    @Slot()
    def _on_try(self) -> None:
        if self._session.project is None:
            return
        rules = self.draft()
        self._trying = self._session.jobs.start(
            "try_rules",
            self._session.project,
            self._session.judging.rules,
            rules,
            title="Trying the rules on the last boards",
            slot="try rules",
            done=partial(self._on_tried, rules),
            failed=partial(self._on_failed, "The rules could not be tried on the last boards."),
            ended=self._on_try_ended,
        )
        self._show_state()

    def _on_tried(self, rules: Rules, found: RulesTried) -> None:
        if rules == self.draft():
            self._page.show_tried(found.words[:1].upper() + found.words[1:] + ".", found.boards)

    def _on_try_ended(self) -> None:
        self._trying = None
        self._show_state()

    @Slot()
    def _on_use(self) -> None:
        rules, session = self.draft(), self._session
        self._mode.panel.show_inspect()
        session.judging.set_rules(rules, rejudge=not self._reviewing.signed)
        self._follow()
        session.keeper.ask(
            partial(stock.store_rules, rules=rules, author=session.operator),
            failed=partial(self._on_failed, "The rules were not saved in the project."),
        )
        session.mentioned.emit(f"Rules “{rules.name}” are in use")

    def _on_failed(self, what: str, fault: Fault) -> None:
        self._session.said.emit(about_fault("rules", what, fault))


def change_words(changes: Changes) -> str:
    """“2 pads change. Not bondable → Re-clean: A4. Landing elsewhere: B3.”"""
    changed = changes.changed()
    if not changed:
        return "Nothing changes on this board."
    alike: dict[str, list[str]] = {}
    for pad in changed:
        alike.setdefault(_way(pad), []).append(pad.pad)
    ways = [f"{way}: {_some(pads)}." for way, pads in alike.items()]
    return " ".join([f"{count(len(changed), 'pad')} {'changes' if len(changed) == 1 else 'change'}.", *ways])


def _way(pad: PadChange) -> str:
    if pad.change is Change.MOVED:
        return "Landing elsewhere"
    return f"{VERDICTS[pad.before.verdict].words} → {VERDICTS[pad.after.verdict].words}"


def _some(pads: list[str]) -> str:
    more = f" and {len(pads) - MOST_NAMED} more" if len(pads) > MOST_NAMED else ""
    return ", ".join(pads[:MOST_NAMED]) + more
