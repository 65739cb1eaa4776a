"""`merge`, `split` and `resolve`: several projects as one, one as several, and what they say differently."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict

from padscope.cli.progress import print_json, shown
from padscope.errors import InputError, UsageError
from padscope.store.conflicts import CHOICES, ConflictPart, open_conflicts
from padscope.store.conflicts import resolve as resolve_conflict
from padscope.store.connection import look_at
from padscope.store.database import Project, open_project
from padscope.store.merge import MergeReport
from padscope.store.merge import merge as merge_projects
from padscope.store.split import split as split_project
from padscope.workflows.labels_out import chosen_pictures

COUNTED = ("pictures", "layouts", "models", "inspections", "classes", "labels", "strokes", "history")


def merge(arguments: argparse.Namespace) -> int:
    """All of the others or, where one cannot be read, none of them."""
    if arguments.take and arguments.dry_run:
        raise UsageError("--take decides and --dry-run changes nothing; give one of them.")
    choices = _choices(arguments.take)
    for path in (arguments.into, *arguments.others):
        look_at(path)
    with open_project(arguments.into) as into, into.transaction():
        reports = [
            shown(merge_projects(into, path, author=arguments.author, dry_run=arguments.dry_run))
            for path in arguments.others
        ]
        resolved = _resolved(into, choices, arguments.author) if choices else []
    if arguments.json:
        done = {"merged": [asdict(r) for r in reports], "resolved": resolved}
        print_json({"into": str(arguments.into), "dry_run": arguments.dry_run, **done})
    else:
        for report in reports:
            print(_told(report, arguments.dry_run))
        for picture in resolved:
            print(f"resolved: {picture}")
    return 0


def split(arguments: argparse.Namespace) -> int:
    with open_project(arguments.project) as project:
        pictures = chosen_pictures(project, arguments.pictures)
        options = {"copy_pictures": arguments.copy_pictures, "author": arguments.author}
        report = shown(split_project(project, pictures, arguments.out, **options))
    if arguments.json:
        print_json({"project": str(arguments.project), **asdict(report), "path": str(report.path)})
    else:
        print(f"{report.path}: {report.pictures} pictures, {report.labels} labels, {report.strokes} strokes")
        for name in report.missing:
            print(f"  {name} is not where it was, and was not copied")
    return 0


def resolve(arguments: argparse.Namespace) -> int:
    """Without --take only the list."""
    choices = _choices(arguments.take)
    with open_project(arguments.project) as project, project.transaction():
        resolved = _resolved(project, choices, arguments.author) if choices else []
        left = open_conflicts(project)
    if arguments.json:
        print_json({"project": str(arguments.project), "resolved": resolved, "open": [asdict(c) for c in left]})
        return 0
    for picture in resolved:
        print(f"resolved: {picture}")
    for conflict in left:
        print(
            f"{conflict.picture}: {conflict.painters[0] or 'nobody'} (mine), {conflict.painters[1] or 'nobody'} (theirs)"
        )
        print("\n".join(_parts_told(conflict.parts)) or "  the same mask twice")
    if not left and not resolved:
        print("No picture has two labels.")
    return 0


Choices = dict[tuple[str, str], str]
"""(picture, pad) → choice; "" stands for all."""


def _choices(texts: Sequence[str]) -> Choices:
    found: Choices = {}
    for text in texts:
        place, _, choice = text.rpartition("=")
        picture, _, pad = place.partition(":")
        if choice not in CHOICES:
            raise UsageError(
                f"--take takes mine, theirs or both, for all or as PICTURE=… or PICTURE:PAD=…, not “{text}”."
            )
        found[picture.casefold(), pad] = choice
    return found


def _resolved(project: Project, choices: Choices, author: str) -> list[str]:
    """Names of the pictures that were; one that nothing was said about stays open. InputError where a choice fits nothing."""
    used: set[tuple[str, str]] = set()
    done = []
    for first in open_conflicts(project):
        # where a picture has three labels, what was decided on the first two changes what the third one differs in
        again = (c for c in open_conflicts(project, first.picture_sha256) if c.theirs.id == first.theirs.id)
        conflict = next(again, None)
        if conflict is None:
            continue
        names = {p.name for p in conflict.parts}
        keys = {conflict.picture.casefold(), conflict.picture_sha256}
        mine = {key: v for key, v in choices.items() if key[0] in keys or key == ("", "")}
        used |= {key for key in mine if not key[1] or key[1] in names}
        whole = next((mine[key, ""] for key in keys if (key, "") in mine), mine.get(("", ""), ""))
        take = {pad: v for (_, pad), v in mine.items() if pad in names}
        if take or whole:
            resolve_conflict(project, conflict, take, otherwise=whole, author=author)
            done.append(conflict.picture)
    left = [f"{picture}{':' if pad else ''}{pad}" for picture, pad in choices.keys() - used if picture]
    if left:
        raise InputError(f"There is no conflict at {', '.join(sorted(left))}; `padscope resolve PROJECT` lists them.")
    return done


def _told(report: MergeReport, dry_run: bool) -> str:
    new = ", ".join(f"{getattr(report, name)} {name}" for name in COUNTED if getattr(report, name)) or "nothing"
    lines = [f"{report.other}: {new} {'would be' if dry_run else 'are'} new"]
    for c in report.conflicts:
        lines.append(f"  {c.what} ({c.subject}): here {c.here!s}, there {c.there!s}; kept {c.kept}")
        lines += [f"  {line}" for line in _parts_told(c.parts)]
    return "\n".join(lines)


def _parts_told(parts: Sequence[ConflictPart]) -> list[str]:
    return [
        f"  {p.name}: {p.differing_px} px differ (mine {p.mine_px} px painted, theirs {p.theirs_px} px)" for p in parts
    ]
