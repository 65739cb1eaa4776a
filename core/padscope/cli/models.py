"""`train`, `calibrate`, `evaluate` and `list-detectors`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from padscope.cli.progress import print_json, say, shown
from padscope.configs import settings_of
from padscope.detectors import registry
from padscope.errors import UsageError

if TYPE_CHECKING:
    from padscope.store.artifacts import Model


def train(arguments: argparse.Namespace) -> int:
    from padscope.boards.layout_files import load_layout
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
        "confidence": arguments.confidence,
        "copies": arguments.copies,
    }
    if arguments.tiles is not None and arguments.layout is None and not arguments.pictures:
        if arguments.thresholds_by != "all":
            raise UsageError("--thresholds-by needs pads with a layout; a tile set has one threshold.")
        work = training.train_on_tiles(arguments.tiles, input_px=arguments.input_px, **options)
    elif arguments.tiles is None and arguments.layout is not None and arguments.pictures:
        if arguments.input_px is not None:
            raise UsageError("--input-px is for tile sets; pads keep the resolution of their pictures.")
        options["thresholds_by"] = arguments.thresholds_by
        work = training.train_on_boards(arguments.pictures, load_layout(arguments.layout), **options)
    else:
        raise UsageError("Training takes either --tiles DIR, or --layout L with --pictures P….")
    model = shown(work)
    save_model(model, arguments.model)
    for note in model.facts["notes"]:
        say(note)
    learned = f"learned from {model.facts['learned_from']} sound {model.facts['unit']}."
    _print_model(model, arguments.model, f"{model.detector}, {learned}", json=arguments.json)
    return 0


def calibrate(arguments: argparse.Namespace) -> int:
    from padscope.boards.layout_files import load_layout
    from padscope.calibration import NO_MISS_MARGIN
    from padscope.store.artifacts import load_model, save_model
    from padscope.workflows import calibrate as calibration
    from padscope.workflows.export import refuse_unwritable

    tiles, layout, boards, share = arguments.tiles, arguments.layout, arguments.boards, arguments.false_alarms
    if (boards is None) != (layout is None) or sum(x is not None for x in (tiles, boards, share)) != 1:
        raise UsageError(
            "Calibration takes --false-alarms SHARE, or labelled defects: --tiles DIR, or --layout L with --boards DIR."
        )
    refuse_unwritable(arguments.out)
    model = load_model(arguments.model, versions=registry.versions())
    before = len(model.facts.get("notes", ()))
    margin, device = arguments.margin or NO_MISS_MARGIN, arguments.device
    if share is not None:
        model = calibration.recalibrated(model, share, arguments.confidence)
    elif tiles is not None:
        model = shown(calibration.calibrated_on_tiles(model, tiles, margin=margin, device=device))
    else:
        names = tuple(arguments.only)
        work = calibration.calibrated_on_boards(
            model, load_layout(layout), boards, margin=margin, device=device, names=names
        )
        model = shown(work)
    for note in model.facts.get("notes", ())[before:]:
        say(note)
    save_model(model, arguments.out)
    _print_model(model, arguments.out, f"{model.detector} with another threshold.", json=arguments.json)
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
    for note in result["notes"]:
        say(note)
    if arguments.json:
        print_json(result)
    else:
        _print_table({name: value for name, value in result.items() if name != "notes"})
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


def _print_model(model: Model, path: Path, about: str, *, json: bool) -> None:
    from padscope.calibration import expected_misses
    from padscope.workflows.calibrate import in_words

    calibration = model.calibration
    if not json:
        print(f"{path}: {about} {in_words(calibration, model.facts.get('unit', 'pads'))}")
        for name, own in calibration.groups:
            print(f"    {name or 'all'}: threshold {own.threshold:.4g}, {own.rule}")
        return
    print_json(
        {
            "model": str(path),
            "sha256": model.sha256,
            "detector": model.detector,
            "config": model.config,
            "threshold": calibration.threshold,
            "thresholds": {name: own.threshold for name, own in calibration.groups},
            "false_alarm_share": calibration.false_alarm_share,
            "expected_misses": expected_misses(calibration),
            "rule": calibration.rule,
            "facts": model.facts,
        }
    )


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
