"""`rules`: what another set of rules would change on boards that are inspected already."""

from __future__ import annotations

import argparse

from padscope.boards.rules import load_rules
from padscope.cli.progress import print_json, shown
from padscope.store.database import open_project
from padscope.workflows.what_if import what_if


def rules(arguments: argparse.Namespace) -> int:
    """Nothing is stored: both rules judge what the project holds."""
    before, after = load_rules(arguments.rules), load_rules(arguments.other)
    with open_project(arguments.project, read_only=True) as project:
        found = shown(what_if(project, before, after, last=arguments.last))
    if arguments.json:
        moves = [{"from": str(a), "to": str(b), "pads": n} for (a, b), n in found.moves().items()]
        boards = [
            {"picture": b.picture, "module": b.module or None, "changed": [p.pad for p in b.changes.changed()]}
            for b in found.boards
        ]
        print_json({"words": found.words(), "moves": moves, "boards": boards, "left_out": found.left_out})
        return 0
    print(f"{before.name} to {after.name}: {found.words()}.")
    for b in found.boards:
        if b.changes.changed():
            print(f"{b.module or b.picture}: {b.changes.words()}")
    return 0
