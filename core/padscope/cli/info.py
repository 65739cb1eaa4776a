"""`info`: what a picture is."""

from __future__ import annotations

import argparse

from padscope.cli.progress import print_json
from padscope.pictures.facts import picture_facts
from padscope.pictures.picture import open_picture


def info(arguments: argparse.Namespace) -> int:
    with open_picture(arguments.picture, um_per_px=arguments.um_per_px) as picture:
        facts = picture_facts(picture)
    if arguments.json:
        print_json(facts)
    else:
        for name, value in facts.items():
            print(f"{name:16} {'–' if value is None else value}")
    return 0
