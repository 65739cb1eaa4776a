"""`train`, `evaluate` and `list-detectors`."""

from __future__ import annotations

import argparse
from typing import Any

from padscope.cli.progress import print_json, shown
from padscope.configs import settings_of
from padscope.detectors import registry
from padscope.errors import UsageError


def train(arguments: argparse.Namespace) -> int:
    from padscope.boards.layout_files import load_layout
    from padscope.calibration import share_interval
    from padscope.store.artifacts import save_model
    from padscope.workflows import train as training
    from padscope.workflows.export import refuse_unwritable

    refuse_unwritable(arguments.model)
    options: dict[str, Any] = {
        "detector": arguments.detector,
        "settings": dict(map(_pair, arguments.set)),
        "seed": arguments.seed,
        "device": arguments.device,
        "false_alarms": arguments.false_alarms or training.FALSE_ALARMS,
    }
    if arguments.tiles is not None and arguments.layout is None and not arguments.pictures:
        work = training.train_on_tiles(arguments.tiles, **options)
    elif arguments.tiles is None and arguments.layout is not None and arguments.pictures:
        work = training.train_on_boards(arguments.pictures, load_layout(arguments.layout), **options)
    else:
        raise UsageError("Training takes either --tiles DIR, or --layout L with --pictures P….")
    model = shown(work)
    save_model(model, arguments.model)
    calibration = model.calibration
    if arguments.json:
        print_json(
            {
                "model": str(arguments.model),
                "sha256": model.sha256,
                "detector": model.detector,
                "config": model.config,
                "threshold": calibration.threshold,
                "false_alarm_share": calibration.false_alarm_share,
                "rule": calibration.rule,
                "facts": model.facts,
            }
        )
    else:
        low, high = share_interval(calibration)
        unit = model.facts["unit"]
        print(
            f"{arguments.model}: {model.detector}, learned from {model.facts['learned_from']} sound {unit}; "
            f"about {calibration.false_alarm_share:.1%} of sound {unit} will be flagged "
            f"(95 % interval {low:.1%} – {high:.1%}, from {calibration.held_out} held out)."
        )
    return 0


def evaluate(arguments: argparse.Namespace) -> int:
    from padscope.boards.layout_files import load_layout
    from padscope.boards.rules import load_rules
    from padscope.store.artifacts import load_model
    from padscope.workflows import evaluate as evaluation

    tiles, layout, boards = arguments.tiles, arguments.layout, arguments.boards
    if (tiles is None) == (boards is None) or (boards is None) != (layout is None):
        raise UsageError("Evaluation takes either --tiles DIR, or --layout L with --boards DIR.")
    model = load_model(arguments.model, versions=registry.versions())
    if tiles is not None:
        result = shown(evaluation.evaluate_on_tiles(model, tiles, device=arguments.device))
    else:
        rules = load_rules(arguments.rules)
        names = tuple(arguments.only)
        work = evaluation.evaluate_on_boards(
            model, load_layout(layout), boards, rules, device=arguments.device, names=names
        )
        result = shown(work)
    print_json(result) if arguments.json else _print_table(result)
    return 0


def list_detectors(arguments: argparse.Namespace) -> int:
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "family": entry.family,
            "summary": entry.summary,
            "settings": [
                {
                    "name": s.name,
                    "kind": s.kind.__name__,
                    "default": s.default,
                    "label": s.label,
                    "unit": s.unit,
                    "low": s.low,
                    "high": s.high,
                    "choices": list(s.choices),
                    "help": s.help,
                }
                for s in settings_of(entry.config)
            ],
        }
        for name, entry in registry.DETECTORS.items()
    ]
    if arguments.json:
        print_json({"detectors": rows})
        return 0
    for row in rows:
        print(f"{row['name']}  ({row['family']})  {row['summary']}")
        for s in row["settings"]:
            limits = f"{s['low']} … {s['high']}" if s["low"] is not None else ", ".join(s["choices"])
            print(
                f"    {s['name']} = {s['default']} {s['unit']}".rstrip()
                + f"   {s['label']}"
                + (f" [{limits}]" if limits else "")
            )
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--set takes key=value, not “{text}”.")
    return name, value


def _print_table(result: dict[str, Any], indent: str = "") -> None:
    for name, value in result.items():
        if isinstance(value, dict):
            print(f"{indent}{name}")
            _print_table(value, indent + "  ")
        else:
            print(f"{indent}{name:24} {value:.4g}" if isinstance(value, float) else f"{indent}{name:24} {value}")
