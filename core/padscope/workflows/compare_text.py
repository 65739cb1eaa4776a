"""The table of a comparison for a terminal: measures as rows, detectors as columns, never wider than a window of text."""

from __future__ import annotations

from collections.abc import Sequence

from padscope.workflows.compare import Compared
from padscope.workflows.compare_tables import COLUMNS, Column, Line, lines

WIDE = 100
GAP = "  "
WORDS = {
    "image_auroc": "image AUROC",
    "image_f1_max": "image F1, best threshold",
    "image_f1": "image F1, shipped threshold",
    "recall_at_5_percent": "recall at 5 % false alarms",
    "zero_miss_fpr": "false alarms at zero misses",
    "pixel_auroc": "pixel AUROC",
    "pixel_f1_max": "pixel F1, best threshold",
    "pixel_f1": "pixel F1, shipped threshold",
    "aupro": "AUPRO up to 30 % false",
    "aupimo": "AUPIMO",
    "dice": "Dice, shipped threshold",
    "train_s": "training, s",
    "ms_per_tile": "a tile, ms",
    "memory_mb": "memory, MB",
    "gpu_memory_mb": "GPU memory, MB",
    "model_mb": "model, MB",
}
DIGITS = {".4f": ".3f"}
HeadAndCells = tuple[list[str], list[str]]


def table_text(found: Sequence[Compared]) -> str:
    """As many detectors beside each other as fit into WIDE characters, the others below; the best of a row has a star."""
    all_lines = lines(found)
    shown = [c for c in COLUMNS if any(line.mean(c) is not None for line in all_lines)]
    names = ["", *(WORDS[c.name] for c in shown)]
    if any(line.interval for line in all_lines):
        names.insert(2 if shown and shown[0].name == "image_auroc" else 1, "  95 % interval")
    left = max(map(len, names))
    columns = [(_head(line), _cells(line, names, shown, all_lines)) for line in all_lines]
    blocks = [_block(names[1:], some, left) for some in _beside(columns, WIDE - left)]
    return "\n\n".join([*blocks, *_notes(all_lines)]) + "\n"


def _block(names: list[str], columns: list[HeadAndCells], left: int) -> str:
    tall = max(len(head) for head, _ in columns)
    full = [[""] * (tall - len(head)) + head + cells for head, cells in columns]
    rows = zip([""] * tall + names, *full, strict=True)
    widths = [left, *(max(map(len, column)) for column in full)]
    return "\n".join(
        GAP.join([row[0].ljust(left), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]).rstrip()
        for row in rows
    )


def _beside(columns: list[HeadAndCells], room: int) -> list[list[HeadAndCells]]:
    """At least one at a time, whatever its width."""
    blocks: list[list[HeadAndCells]] = [[]]
    used = 0
    for head, cells in columns:
        width = len(GAP) + max(map(len, head + cells))
        if blocks[-1] and used + width > room:
            blocks.append([])
            used = 0
        blocks[-1].append((head, cells))
        used += width
    return blocks


def _head(line: Line) -> list[str]:
    """The detector, then each of its settings on a line of its own; stars beside numbers stay free of it."""
    return [f"{part} " for part in line.name.split(":")]


def _cells(line: Line, names: list[str], shown: list[Column], all_lines: list[Line]) -> list[str]:
    cells = [_cell(line, c, all_lines) for c in shown]
    if len(names) > len(shown) + 1:
        at = next(i for i, name in enumerate(names) if name.startswith(" ")) - 1
        cells.insert(at, "– " if line.interval is None else "{:.2f}–{:.2f} ".format(*line.interval))
    return cells


def _cell(line: Line, column: Column, all_lines: list[Line]) -> str:
    value, spread = line.mean(column), line.spread(column)
    if value is None:
        return "– "
    form = DIGITS.get(column.form, column.form)
    text = format(value, form) + ("" if spread is None else f" ± {format(spread, form)}")
    rivals = [m for other in all_lines if (m := other.mean(column)) is not None]
    written = {format(m, form) for m in rivals}  # what reads alike is equally good
    best = column.best is not None and len(written) > 1 and format(value, form) == format(column.best(rivals), form)
    return text + ("*" if best else " ")


def _notes(all_lines: list[Line]) -> list[str]:
    seeds = max(len(line.runs) for line in all_lines)
    words = ["“best threshold” is chosen on these test pictures, “shipped” was fixed before."]
    if len(all_lines) > 1:
        words.insert(0, "* best of its row.")
    if seeds > 1:
        words.append(f"± standard deviation over {seeds} seeds.")
    words.append("Memory is the most that training and scoring took beside the program itself.")
    return ["\n".join(words)]
