"""`import` and `export`: labels in the files of other tools."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from padscope.cli.progress import print_json, say, shown
from padscope.formats.registry import format_named
from padscope.store.database import open_or_create_project, open_project
from padscope.workflows.labels_in import import_labels, told
from padscope.workflows.labels_out import PADMAP, export_labels, export_pad_maps
from padscope.workflows.maps_out import FORMS, export_maps


def import_files(arguments: argparse.Namespace) -> int:
    """Exit status 1 when the labels of a picture could not be taken; those of the others are."""
    format_named(arguments.format)
    with open_or_create_project(arguments.project) as project:
        report = shown(import_labels(project, arguments.files, arguments.format, author=arguments.author))
    if arguments.json:
        print_json({"project": str(arguments.project), "format": arguments.format, **asdict(report)})
    else:
        for line in told(report):
            print(line)
    for refused in report.refused:
        say(f"padscope: {refused.why}")
    return 1 if report.refused else 0


def export_files(arguments: argparse.Namespace) -> int:
    options = {"pictures": arguments.pictures, "author": arguments.author}
    with open_project(arguments.project) as project:
        if arguments.format == PADMAP:
            work = export_pad_maps(project, arguments.out, heat=arguments.heat, **options)
        elif arguments.format in FORMS:
            work = export_maps(project, arguments.format, arguments.out, **options)
        else:
            work = export_labels(project, arguments.format, arguments.out, shapes=arguments.shapes, **options)
        report = shown(work)
    if arguments.json:
        rows = {"files": [str(f) for f in report.files], "notes": list(report.notes)}
        losses = [asdict(loss) for loss in report.losses]
        print_json({"project": str(arguments.project), "format": arguments.format, **rows, "pictures": losses})
        return 0
    print(f"{arguments.out}: {len(report.files)} files")
    if report.losses:
        print(f"{report.exact} of {len(report.losses)} pictures are pixel-exact when read back")
    for note in report.notes:
        print(f"  {note}")
    return 0
