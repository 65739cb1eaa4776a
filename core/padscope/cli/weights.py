"""`weights`: what is there, what fits, how to get more."""

from __future__ import annotations

import argparse

from padscope.cli.progress import print_json, say
from padscope.errors import UsageError
from padscope.workflows import weights as work


def weights(arguments: argparse.Namespace) -> int:
    name = arguments.name
    if (arguments.task == "list") != (name is None):
        raise UsageError(
            "Use `padscope weights list`, `padscope weights check FILE` or `padscope weights fetch NETWORK`."
        )
    if arguments.task == "list":
        found = work.listed()
        if arguments.json:
            print_json({"folder": str(work.weights_folder()), "weights": [_object(w) for w in found]})
            return 0
        for w in found:
            print(f"{w.name:28} {w.megabytes:7.1f} MB  {w.sha256}  {w.word}")
        say(f"Files of your own are looked for in {work.weights_folder()}.")
        return 0
    if arguments.task == "check":
        one = work.checked(name, backbone=arguments.backbone, sha256=arguments.sha256)
    else:
        say(f"Fetching the weights of {name} …")
        one = work.fetched(name, arguments.out)
    print_json(_object(one)) if arguments.json else print(f"{one.path}: {one.word}\n    SHA-256 {one.sha256}")
    return 0


def _object(w: work.Weights) -> dict[str, object]:
    return {"name": w.name, "path": str(w.path), "megabytes": w.megabytes, "sha256": w.sha256, "word": w.word}
