"""`watch`: inspect what the microscope saves into a folder, until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from padscope.boards.layout_files import load_layout
from padscope.boards.rules import load_rules
from padscope.cli.given import given_scale
from padscope.cli.inspect import Inspecting
from padscope.cli.progress import say
from padscope.detectors import registry
from padscope.errors import InputError, OutputError, StoreError
from padscope.store.artifacts import load_model
from padscope.store.database import open_or_create_project
from padscope.store.watched import Outcome, remember, start_watching
from padscope.types import Progress
from padscope.workflows.export import inspected_in, own_stem, prepared_folder
from padscope.workflows.inspect import Inspector
from padscope.workflows.watch import LOOK_EVERY_S, Found, Watched, Watcher, pause_after, remembered, seen_file

WORLD = (OutputError, StoreError)
"""Errors that will meet the next picture too: the program ends, and nothing is taken for done."""


class Reach:
    """Says when the folder goes and when it returns, in the middle of an inspection too."""

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self.folder = folder
        self.away = False
        self._now = now
        self._asked = now()

    def told(self, away: bool) -> None:
        if away != self.away:
            self.away = away
            clock = datetime.now().strftime("%H:%M")
            words = f"cannot be reached since {clock}; waiting." if away else f"is back since {clock}."
            say(f"{self.folder} {words}")

    def between(self, step: Progress) -> Progress:
        """As often as the folder is looked at otherwise."""
        if self._now() - self._asked >= LOOK_EVERY_S:
            self._asked = self._now()
            self.told(not self.folder.is_dir())
        return step


def watch(
    arguments: argparse.Namespace,
    *,
    now: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Ends with `--once` when all is dealt with that lies there, otherwise with Ctrl-C. Exit status 1 when something failed."""
    folder: Path = arguments.folder
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not a folder that can be reached: check its name, and that its drive or share is connected."
        )
    layout = load_layout(arguments.layout)
    model = load_model(arguments.model, versions=registry.versions())
    inspector = Inspector(model, layout, load_rules(arguments.rules), device=arguments.device)
    prepared_folder(arguments.out)
    failed = 0
    with ExitStack() as stack:
        project = stack.enter_context(open_or_create_project(arguments.project)) if arguments.project else None
        known = inspected_in(arguments.out)
        watched = Watched(known=known)
        if project is not None:
            start_watching(project, folder)
            watched = remembered(project, folder)
        watcher = Watcher(folder, watched)
        passed = len(watcher.pass_over()) if arguments.new_only else 0
        reach = Reach(folder, now)
        work = Inspecting(inspector, layout, arguments, given_scale(arguments), project, between=reach.between)
        say(f"Watching {folder} on {inspector.device_words}{_passed(passed)}; Ctrl-C ends it.")
        while True:
            began = now()
            for found in watcher.look(began):
                failed += not _dealt_with(work, watcher, found, arguments)
            reach.told(not folder.is_dir())
            if arguments.once and not watcher.watched.waiting and not reach.away:
                return 1 if failed else 0
            pause(pause_after(now() - began))


def _dealt_with(work: Inspecting, watcher: Watcher, found: Found, arguments: argparse.Namespace) -> bool:
    """False where nothing came of it. What came of it is remembered only when it is on disk."""
    path, told = watcher.folder / found.name, None
    outcome, error = Outcome.INSPECTED, found.trouble
    if found.trouble:
        outcome = Outcome.DAMAGED
    elif found.new:
        try:
            told = work.one(path, stem=own_stem(arguments.out, path, found.sha256))
        except WORLD:
            raise
        except InputError as problem:
            if not path.exists():
                watcher.lose(found)
                say(f"padscope: {found.name} went away while it was inspected; it is inspected when it is there again.")
                return True
            outcome, error = Outcome.FAILED, str(problem)
    if work.project is not None:
        remember(work.project, watcher.folder, [seen_file(found, outcome)])
    if error:
        say(f"padscope: {found.name}: {error}")
    if arguments.json and (told or error):
        print(json.dumps(told[0] if told else {"picture": str(path), "error": error}, ensure_ascii=False), flush=True)
    elif told:
        print(told[1], flush=True)
    return not error


def _passed(count: int) -> str:
    return f" (of {count} pictures there none is inspected)" if count else ""
