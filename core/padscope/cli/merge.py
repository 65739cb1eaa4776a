"""`merge`: other projects into one."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from padscope.cli.progress import print_json
from padscope.store.connection import look_at
from padscope.store.database import open_project
from padscope.store.merge import MergeReport
from padscope.store.merge import merge as merge_projects

COUNTED = ("pictures", "layouts", "models", "inspections", "classes", "labels", "strokes", "measurements", "history")


def merge(arguments: argparse.Namespace) -> int:
    """All of the others or, where one cannot be read, none of them."""
    for path in (arguments.into, *arguments.others):
        look_at(path)
    with open_project(arguments.into) as into, into.transaction():
        reports = [
            merge_projects(into, path, author=arguments.author, dry_run=arguments.dry_run) for path in arguments.others
        ]
    if arguments.json:
        print_json({"into": str(arguments.into), "dry_run": arguments.dry_run, "merged": [asdict(r) for r in reports]})
    else:
        for report in reports:
            print(_told(report, arguments.dry_run))
    return 0


def _told(report: MergeReport, dry_run: bool) -> str:
    new = ", ".join(f"{getattr(report, name)} {name}" for name in COUNTED if getattr(report, name)) or "nothing"
    lines = [f"{report.other}: {new} {'would be' if dry_run else 'are'} new"]
    for c in report.conflicts:
        lines.append(f"  {c.what} ({c.subject}): here {c.here!s}, there {c.there!s}; kept {c.kept}")
    return "\n".join(lines)
