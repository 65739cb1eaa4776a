"""The example script for bonding machines: what it puts where, and what it refuses."""

import csv
import math
import subprocess
import sys
from pathlib import Path

import pytest

from padscope.boards.bond_map import write_bond_map
from padscope.resources import resource
from reference_maps import MAP

SCRIPT = resource("examples", "bond_list.py")


def run(folder: Path, marks: str) -> subprocess.CompletedProcess[str]:
    write_bond_map(MAP, folder / "six.bondmap.csv")
    header = "name,layout_x_um,layout_y_um,machine_x_um,machine_y_um\n"
    (folder / "marks.csv").write_text(header + marks)
    command = [
        sys.executable,
        str(SCRIPT),
        str(folder / "six.bondmap.csv"),
        str(folder / "marks.csv"),
        str(folder / "out.csv"),
    ]
    return subprocess.run(command, capture_output=True, text=True)


def on_machine(x: float, y: float, turn_deg: float = 90.0) -> tuple[float, float]:
    """A board turned counterclockwise on the machine and shifted; y is up there."""
    t = math.radians(turn_deg)
    return math.cos(t) * x + math.sin(t) * y + 7000, math.sin(t) * x - math.cos(t) * y - 300


def test_wires_are_bonded_shifted_or_skipped_in_machine_coordinates(tmp_path: Path) -> None:
    corners = {"F1": (100, 50), "F2": (5600, 1300), "F3": (100, 1300)}
    marks = "".join(f"{n},{x},{y},{on_machine(x, y)[0]},{on_machine(x, y)[1]}\n" for n, (x, y) in corners.items())
    done = run(tmp_path, marks)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["5", "BOND", "1", "SHIFT", "4", "SKIP"]
    with open(tmp_path / "out.csv", newline="") as file:
        lines = {line["wire"]: line for line in csv.DictReader(file)}
    assert {w: line["action"] for w, line in lines.items() if line["action"] != "BOND"} == {
        "B-2": "SHIFT",
        "C-2": "SKIP",
        "D-1": "SKIP",  # to be cleaned first, though it could land
        "E-1": "SKIP",
        "F-1": "SKIP",
    }
    x, y = on_machine(480, 600)
    assert float(lines["B-2"]["machine_x_um"]) == pytest.approx(x, abs=0.05)
    assert float(lines["B-2"]["machine_y_um"]) == pytest.approx(y, abs=0.05)
    assert lines["B-2"]["shift_along_layout_x_um"] == "-120.0"


@pytest.mark.parametrize(
    ("marks", "word"),
    [
        ("F1,100,50,0,0\n", "two marks"),
        ("F1,100,50,0,0\nF2,100,50,1,1\n", "one point"),
        ("F1,0,0,0,0\nF2,1000,0,1010,0\n", "+1.00 % further apart"),
        ("F1,0,0,0,0\nF2,1000,0,1000,0\nF3,0,1000,60,-1000\nF4,1000,1000,1060,-1000\n", "from where the others put it"),
        ("F1,0,0,0,0\nF2,1000,0,1000,0\nF3,0,1000,0,1000\n", "apart|others"),  # mirrored: the machine's y must be up
    ],
)
def test_marks_that_do_not_fit_are_refused(tmp_path: Path, marks: str, word: str) -> None:
    done = run(tmp_path, marks)
    assert done.returncode == 1
    assert any(part in done.stderr for part in word.split("|")), done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_it_needs_nothing_but_an_old_python() -> None:
    """No annotations, no match, no walrus: Python 3.8 reads it; and only the standard library."""
    import ast

    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= {"csv", "math", "sys"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
