"""The parser, and what an error looks like from outside: one sentence on stderr and the exit status."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import padscope
from padscope.errors import PadscopeError, UsageError
from padscope.pictures.limits import allowing

CANCELLED = 130
READ_PICTURES = (
    "info", "train", "calibrate", "evaluate", "compare", "inspect", "watch", "import", "export", "layout", "tiles",
)  # fmt: skip
"""Commands that take `--max-megapixels`."""
FORMATS = "png-index, png-colour, mvtec, coco, labelme, cvat or yolo"


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence instead of printing the whole usage."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[0].upper()}{message[1:]}; see `{self.prog} --help`.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    try:
        parsed = parser().parse_args(arguments)
        run: Callable[[argparse.Namespace], int] = getattr(import_module(parsed.module), parsed.function)
        with allowing(getattr(parsed, "max_megapixels", None)):
            return run(parsed)
    except PadscopeError as error:
        return _refused(str(error), error.exit_status)
    except KeyboardInterrupt:
        return _refused("Cancelled.", CANCELLED)
    except BrokenPipeError:  # the reader of our output went away: `padscope … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def parser() -> Parser:
    top = Parser(prog="padscope", description=padscope.__doc__, allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"padscope {padscope.__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)

    def command(name: str, module: str, help: str) -> argparse.ArgumentParser:
        new = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
        # Only the chosen command's module is imported: torch takes seconds.
        new.set_defaults(module=f"padscope.cli.{module}", function=name.replace("-", "_"))
        if name in READ_PICTURES:
            new.add_argument(
                "--max-megapixels",
                type=_above_zero,
                metavar="N",
                help="read pictures of up to so many megapixels (default: 500)",
            )
        return new

    c = command("demo", "demo", "draw a small board, train, inspect it, and show its pad map")
    c.add_argument("--headless", action="store_true", help="do not open the window")
    c.add_argument("--out", type=Path, metavar="DIR", help="where its files go (default: a folder padscope-demo here)")

    c = command("gui", "gui", "open the window")
    c.add_argument("project", nargs="?", metavar="PROJECT")

    c = command("info", "info", "say what a picture is, and its scale")
    c.add_argument(
        "picture", type=Path, metavar="PICTURE", help="a file; of one with several pages, FILE#2 is the second"
    )
    _scale(c)
    _json(c)

    c = command("train", "models", "learn what sound metal looks like")
    c.add_argument("--detector", required=True, metavar="NAME", help="see `padscope list-detectors`")
    c.add_argument("--model", required=True, type=Path, metavar="OUT", help="the model file to write")
    _training_data(c)
    c.add_argument("--set", action="append", default=[], metavar="key=value", help="a setting of the detector")
    c.add_argument(
        "--input-px",
        type=int,
        metavar="N",
        help="bring the pictures of --tiles to N × N px; 0 leaves them (320 if small)",
    )
    c.add_argument("--seed", type=int, default=0, metavar="N")
    c.add_argument("--false-alarms", type=_share, metavar="SHARE", help="share of sound pads that may be flagged")
    c.add_argument("--confidence", type=_share, metavar="C", help="how surely (0.95); without it in the mean")
    c.add_argument(
        "--copies",
        type=_count,
        default=0,
        metavar="N",
        help="learn from N altered copies of every sound tile too, where there are few: 6 for 10 tiles (0)",
    )
    c.add_argument(
        "--thresholds-by", choices=["all", "size", "row"], default="all", help="which pads share a threshold (all)"
    )
    _device(c)
    _json(c)

    c = command("calibrate", "models", "give a trained model another threshold")
    c.add_argument("--model", required=True, type=Path, metavar="M")
    c.add_argument("--out", required=True, type=Path, metavar="OUT", help="the model file to write")
    c.add_argument("--false-alarms", type=_share, metavar="SHARE", help="share of sound pads that may be flagged")
    c.add_argument("--confidence", type=_share, metavar="C", help="how surely (0.95); without it in the mean")
    c.add_argument(
        "--tiles", type=Path, metavar="DIR", help="miss none of the defects in test of these MVTec-AD folders"
    )
    c.add_argument("--layout", type=Path, metavar="L")
    c.add_argument("--boards", type=Path, metavar="DIR", help="miss none of the defective pads in NAME_truth.csv here")
    c.add_argument("--only", nargs="+", default=[], metavar="NAME", help="of these boards only")
    c.add_argument("--margin", type=_share, metavar="X", help="threshold in parts of the weakest defect's heat (0.95)")
    _device(c)
    _json(c)

    c = command("evaluate", "models", "measure a model against truth")
    c.add_argument("--model", required=True, type=Path, metavar="M")
    c.add_argument("--tiles", type=Path, metavar="DIR", help="test and ground_truth in MVTec-AD folders")
    c.add_argument("--layout", type=Path, metavar="L")
    c.add_argument("--boards", type=Path, metavar="DIR", help="boards with _truth.csv and _mask.png")
    c.add_argument("--only", nargs="+", default=[], metavar="NAME", help="of these boards only")
    c.add_argument("--rules", metavar="R", help="a name or a TOML file")
    _device(c)
    _json(c)

    c = command("compare", "compare", "train and measure several detectors on the same tiles")
    c.add_argument("--tiles", required=True, type=Path, metavar="DIR", help="MVTec-AD folders")
    c.add_argument("--detectors", required=True, metavar="a,b,…", help="names, also with settings: mhbc:form=place")
    c.add_argument("--out", type=Path, metavar="DIR", help="for compare.csv, compare.md and the models")
    c.add_argument("--seed", type=int, default=0, metavar="N", help="the first seed")
    c.add_argument("--seeds", type=_count, default=1, metavar="N", help="how many seeds, for the spread")
    _device(c)
    _json(c)

    c = command("inspect", "inspect", "from pictures to pad maps")
    c.add_argument(
        "pictures",
        nargs="+",
        type=Path,
        metavar="PICTURE",
        help="files; of one with several pages, FILE#2 is the second",
    )
    c.add_argument("--layout", required=True, type=Path, metavar="L")
    c.add_argument("--model", required=True, type=Path, metavar="M")
    c.add_argument("--out", required=True, type=Path, metavar="DIR")
    c.add_argument("--rules", metavar="R", help="a name or a TOML file")
    _inspecting(c)
    c.add_argument(
        "--module",
        dest="serial",
        metavar="SERIAL",
        help="the board's serial number (default: the one in the file's name)",
    )
    c.add_argument(
        "--together",
        action="store_true",
        help="the pictures show one board: one pad map, named after the first picture",
    )
    _json(c)

    c = command("import", "labels", "labels from other tools' files into a project")
    c.set_defaults(function="import_files")
    c.add_argument("project", type=Path, metavar="PROJECT", help="it is made if there is none")
    c.add_argument("files", nargs="+", type=Path, metavar="FILES", help="files or folders of the format")
    c.add_argument("--format", required=True, metavar="F", help=FORMATS)
    c.add_argument("--author", default="", metavar="NAME", help="who made the labels, for the history")
    _json(c)

    c = command("export", "labels", "labels of a project into other tools' files, or its pad maps")
    c.set_defaults(function="export_files")
    c.add_argument("project", type=Path, metavar="PROJECT")
    c.add_argument("--format", required=True, metavar="F", help=f"{FORMATS}; or padmap, dxf, visual-inspection")
    c.add_argument("--out", required=True, type=Path, metavar="DIR")
    c.add_argument("--pictures", nargs="+", default=[], metavar="P", help="only these, by file name or hash")
    c.add_argument("--shapes", choices=["masks", "polygons"], default="", help="where a format has both")
    c.add_argument("--heat", action="store_true", help="with padmap: write the level of every cell too")
    c.add_argument("--author", default="", metavar="NAME", help="who exports, for the history")
    _json(c)

    c = command("layout", "boards", "read, convert or learn a board type")
    c.add_argument("task", choices=["check", "convert", "learn"])
    c.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a layout or drawing; learn: a picture; then OUT"
    )
    c.add_argument("--layers", nargs="+", default=[], metavar="L", help="of a drawing, only these layers (* ? allowed)")
    c.add_argument("--nets", nargs="+", default=[], metavar="N", help="only these nets")
    c.add_argument("--pads", nargs="+", default=[], metavar="P", help="only pads of these names")
    c.add_argument("--region", nargs=4, type=float, metavar=("X0", "Y0", "X1", "Y1"), help="only here, µm")
    c.add_argument("--side", choices=["top", "bottom"])
    c.add_argument("--wires", type=int, metavar="N", help="per pad")
    c.add_argument("--wire-pitch-um", type=_above_zero, metavar="X", help="as many wires as fit at this pitch")
    c.add_argument("--unit-um", type=_above_zero, metavar="X", help="for drawings that do not say their unit")
    _scale(c)
    _json(c)

    c = command("changes", "boards", "two pad maps of one board compared, as before and after cleaning")
    c.add_argument("before", type=Path, metavar="A", help="a .padmap.json or .bondmap.csv")
    c.add_argument("after", type=Path, metavar="B")
    c.add_argument("--layout", type=Path, metavar="L", help="the board, for the PDF")
    c.add_argument("--out", type=Path, metavar="DIR", help="for changes.csv and, with a layout, changes.pdf")
    _json(c)

    c = command("rules", "rules", "what other rules would change on boards that are inspected already")
    c.add_argument("project", type=Path, metavar="PROJECT")
    c.add_argument("--rules", metavar="R", help="those in use: a name or a TOML file (default: standard)")
    c.add_argument("--other", required=True, metavar="R", help="those to be tried")
    c.add_argument("--last", type=int, default=100, metavar="N", help="on so many boards, the newest (default: 100)")
    _json(c)

    c = command("watch", "watch", "inspect what the microscope saves into a folder, until Ctrl-C")
    c.add_argument("folder", type=Path, metavar="FOLDER")
    c.add_argument("--layout", required=True, type=Path, metavar="L")
    c.add_argument("--model", required=True, type=Path, metavar="M")
    c.add_argument("--out", required=True, type=Path, metavar="DIR")
    c.add_argument("--rules", metavar="R", help="a name or a TOML file")
    _inspecting(c)
    c.add_argument("--new-only", action="store_true", help="leave alone what lies there already")
    c.add_argument("--once", action="store_true", help="end when everything that lies there is dealt with")
    c.add_argument("--json", action="store_true", help="print one JSON object per picture on stdout, a line each")

    c = command("merge", "merge", "another project's pictures, labels, verdicts and history into this one")
    c.add_argument("into", type=Path, metavar="INTO")
    c.add_argument("others", nargs="+", type=Path, metavar="OTHER")
    c.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
    c.add_argument("--author", default="", metavar="NAME", help="who merges, for the history")
    _take(c)
    _json(c)

    c = command("tiles", "tiles", "cut a project's pictures into a tile set to train on, or make one again")
    c.add_argument("source", type=Path, metavar="SOURCE", help="a project, or the tiles.json of a set to make again")
    c.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="a new folder for MVTec-AD folders and tiles.json"
    )
    c.add_argument(
        "--layout", type=Path, metavar="L", help="find the pads by this layout (else: inspections, else colour)"
    )
    c.add_argument("--pictures", nargs="+", default=[], metavar="P", help="only these, by file name or hash")
    c.add_argument("--size", type=int, default=256, metavar="PX", help="128, 256, 500 or any (default 256)")
    c.add_argument("--selectivity", choices=["original", "filtered"], default="filtered", help="any pad, or mostly pad")
    c.add_argument("--min-share", type=_share, metavar="SHARE", help="least share of pad in a tile instead")
    c.add_argument("--keep-background", action="store_true", help="cut the whole picture, pads and all else")
    c.add_argument("--by-colour", action="store_true", help="find pads by their colour also where a layout is known")
    c.add_argument("--augment", default="", metavar="a,b,…", help="crop flip contrast background denoise texture")
    c.add_argument("--copies", type=int, default=1, metavar="N", help="of every tile by each augmentation")
    c.add_argument("--test-share", type=_share, default=0.3, metavar="SHARE", help="of boards kept for testing")
    c.add_argument("--seed", type=int, default=0, metavar="N")
    c.add_argument("--author", default="", metavar="NAME", help="who makes it, for the history")
    _json(c)

    c = command("split", "merge", "some pictures with their labels as a project of their own, for a labeller")
    c.add_argument("project", type=Path, metavar="PROJECT")
    c.add_argument("--pictures", required=True, nargs="+", metavar="P", help="by file name or hash")
    c.add_argument(
        "--out", required=True, type=Path, metavar="P", help="the project file to make; `merge` takes it back"
    )
    c.add_argument("--copy-pictures", action="store_true", help="copy the pictures' files into a folder beside it")
    c.add_argument("--author", default="", metavar="NAME", help="who splits, for the history")
    _json(c)

    c = command("resolve", "merge", "pictures with two labels: list where they differ, or decide")
    c.add_argument("project", type=Path, metavar="PROJECT")
    c.add_argument("--author", default="", metavar="NAME", help="who decides, for the history")
    _take(c)
    _json(c)

    c = command("doctor", "doctor", "check this computer before work begins, and a project from end to end")
    c.add_argument("project", nargs="?", type=Path, metavar="PROJECT", help="check every stored part of this one too")
    _json(c)

    c = command("weights", "weights", "networks' weights files: what is there, what fits, how to get more")
    c.add_argument("task", choices=["list", "check", "fetch"])
    c.add_argument(
        "name", nargs="?", metavar="NAME", help="check: a file; fetch: a network of timm, as wide_resnet50_2"
    )
    c.add_argument("--backbone", metavar="NETWORK", help="check: whether the file fits this network of timm")
    c.add_argument("--sha256", metavar="HASH", help="check: whether it is the file with this SHA-256")
    c.add_argument("--out", type=Path, metavar="FILE", help="fetch: where to (default: the weights folder)")
    _json(c)

    c = command("list-detectors", "models", "detectors with their settings, ranges and defaults")
    _json(c)
    return top


def _training_data(c: argparse.ArgumentParser) -> None:
    c.add_argument("--tiles", type=Path, metavar="DIR", help="MVTec-AD folders: sound pictures in DIR/train/good")
    c.add_argument("--layout", type=Path, metavar="L", help="the boards' layout, with --pictures")
    c.add_argument("--pictures", nargs="+", type=Path, default=[], metavar="P", help="pictures of sound boards")


def _inspecting(c: argparse.ArgumentParser) -> None:
    c.add_argument("--project", type=Path, metavar="P", help="store everything in this project too")
    c.add_argument(
        "--heat",
        action="store_true",
        help="the level of every cell too: STEM.heat.npz, and one per further picture",
    )
    _scale(c)
    _device(c)


def _scale(c: argparse.ArgumentParser) -> None:
    c.add_argument("--um-per-px", type=_above_zero, metavar="X", help="the scale, where the file does not know it")
    c.add_argument(
        "--two-points",
        nargs=5,
        type=float,
        metavar=("X0", "Y0", "X1", "Y1", "UM"),
        help="the scale from two points of the picture, in px, and their distance in µm",
    )


def _take(c: argparse.ArgumentParser) -> None:
    c.add_argument(
        "--take",
        action="append",
        default=[],
        metavar="[PICTURE[:PAD]=]CHOICE",
        help="resolve conflicts of masks: mine, theirs or both; for all, for a picture, for a pad of it",
    )


def _json(c: argparse.ArgumentParser) -> None:
    c.add_argument("--json", action="store_true", help="print one JSON object on stdout and nothing else there")


def _device(c: argparse.ArgumentParser) -> None:
    c.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")


def _above_zero(text: str) -> float:
    return _number(text, 0, float("inf"), "a number above 0")


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def _share(text: str) -> float:
    return _number(text, 0, 1, "a share between 0 and 1")


def _number(text: str, low: float, high: float, wanted: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low < value < high:
        raise argparse.ArgumentTypeError(f"{text} is not {wanted}")
    return value


def _refused(sentence: str, status: int) -> int:
    print(f"padscope: {sentence}", file=sys.stderr)
    return status
