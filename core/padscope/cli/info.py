"""`info`: what a picture is."""

from __future__ import annotations

import argparse

from padscope.cli.given import given_scale
from padscope.cli.progress import print_json
from padscope.pictures.facts import picture_facts
from padscope.pictures.picture import open_picture


def info(arguments: argparse.Namespace) -> int:
    with open_picture(arguments.picture, scale=given_scale(arguments)) as picture:
        facts = picture_facts(picture)
    if arguments.json:
        print_json(facts)
    else:
        for name, value in facts.items():
            print(f"{name:16} {'–' if value is None else value}")
    return 0
