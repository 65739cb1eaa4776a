"""From a Padscope bond map to a bond list in the coordinates of a bonding machine.

    python bond_list.py bad01.bondmap.csv marks.csv bonds.csv

An example to copy and change: it needs nothing but Python 3.8 or later, so it also runs inside machines that run Python scripts
(F&S Bondtec TraceX, for one). `marks.csv` says where at least two fiducials, better three, lie in the layout and where the
machine sees them:

    name,layout_x_um,layout_y_um,machine_x_um,machine_y_um

The board may lie turned and shifted on the machine, not scaled: a scale that is off, or marks that do not fit each other, are
refused, because a bond list in wrong coordinates is worse than none. The layout has y down; machines have y up.
"""

import csv
import math
import sys

BONDED = ("OK", "OK_SHIFT", "REDUCED")  # verdicts with which a pad may be bonded now
LARGEST_RESIDUAL_UM = 15.0
LARGEST_SCALE_ERROR = 0.003
COLUMNS = (
    "wire",
    "pad",
    "action",
    "machine_x_um",
    "machine_y_um",
    "shift_along_layout_x_um",
    "shift_along_layout_y_um",
)


def read(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def fitted(marks):
    """Turn and shift from layout (y up) to machine as (c, s, tx, ty): least squares over the marks."""
    if len(marks) < 2:
        raise SystemExit("At least two marks are needed to know how the board lies.")
    # x, y in the layout with y up; u, v on the machine
    points = [
        (float(m["layout_x_um"]), -float(m["layout_y_um"]), float(m["machine_x_um"]), float(m["machine_y_um"]))
        for m in marks
    ]
    lx, ly, mx, my = (sum(p[k] for p in points) / len(points) for k in range(4))
    c = s = spread = 0.0
    for x, y, u, v in points:
        x, y, u, v = x - lx, y - ly, u - mx, v - my
        c, s, spread = c + x * u + y * v, s + x * v - y * u, spread + x * x + y * y
    if spread == 0:
        raise SystemExit("The marks lie on one point of the layout.")
    scale = math.hypot(c, s) / spread
    if abs(scale - 1) > LARGEST_SCALE_ERROR:
        raise SystemExit(f"The marks lie {100 * (scale - 1):+.2f} % further apart on the machine than in the layout.")
    length = math.hypot(c, s)
    c, s = c / length, s / length
    tx, ty = mx - (c * lx - s * ly), my - (s * lx + c * ly)
    turn = c, s, tx, ty
    for k, (x, y, u, v) in enumerate(points):
        seen = placed(turn, x, -y)
        off = math.hypot(seen[0] - u, seen[1] - v)
        if off > LARGEST_RESIDUAL_UM:
            raise SystemExit(f"Mark {marks[k]['name']} lies {off:.0f} µm from where the others put it.")
    return turn


def placed(turn, x_um, y_um):
    """Layout µm to machine µm."""
    c, s, tx, ty = turn
    return c * x_um + s * y_um + tx, s * x_um - c * y_um + ty


def bond_list(rows, turn):
    """One line per wire: BOND as planned, SHIFT to a new point, or SKIP."""
    for row in rows:
        if row["verdict"] not in BONDED or not row["proposed_x_um"]:
            yield row["wire"], row["pad"], "SKIP", "", "", "", ""
            continue
        x, y = placed(turn, float(row["proposed_x_um"]), float(row["proposed_y_um"]))
        dx, dy = float(row["shift_x_um"]), float(row["shift_y_um"])
        action = "SHIFT" if math.hypot(dx, dy) >= 1.0 else "BOND"
        yield row["wire"], row["pad"], action, f"{x:.1f}", f"{y:.1f}", f"{dx:.1f}", f"{dy:.1f}"


def main(bond_map, marks, out):
    lines = list(bond_list(read(bond_map), fitted(read(marks))))
    with open(out, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(lines)
    for action in ("BOND", "SHIFT", "SKIP"):
        print(f"{sum(line[2] == action for line in lines):4} {action}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
