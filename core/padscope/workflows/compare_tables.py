"""The tables of a comparison: CSV for scripts, Markdown for people; quality, seconds and memory with their spread over seeds."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from padscope.workflows.compare import MB, Compared

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A measure: its name, where it comes from, how it is written, and whether more of it is better (None: neither)."""

    name: str
    of: Callable[[Compared], float | None]
    form: str
    best: Callable[[list[float]], float] | None = None


def _measure(group: str, name: str) -> Callable[[Compared], float | None]:
    return lambda run: run.of(group, name)


def _model_mb(run: Compared) -> float | None:
    return None if run.model is None else sum(a.nbytes for a in run.model.arrays.values()) / MB


def _ms(run: Compared) -> float | None:
    return 1000 * run.result["seconds_per_tile"] if "seconds_per_tile" in run.result else None


COLUMNS: tuple[Column, ...] = (
    Column("image_auroc", _measure("image", "auroc"), ".4f", max),
    Column("image_f1_max", _measure("image", "f1_max"), ".4f", max),
    Column("image_f1", _measure("image", "f1"), ".4f", max),
    Column("recall_at_5_percent", _measure("image", "recall_at_5_percent"), ".4f", max),
    Column("zero_miss_fpr", _measure("image", "zero_miss_fpr"), ".4f", min),
    Column("pixel_auroc", _measure("pixel", "auroc"), ".4f", max),
    Column("pixel_f1_max", _measure("pixel", "f1_max"), ".4f", max),
    Column("pixel_f1", _measure("pixel", "f1"), ".4f", max),
    Column("aupro", _measure("pixel", "aupro"), ".4f", max),
    Column("aupimo", _measure("pixel", "aupimo"), ".4f", max),
    Column("dice", _measure("pixel", "dice"), ".4f", max),
    Column("train_s", lambda run: run.train_seconds, ".1f", min),
    Column("ms_per_tile", _ms, ".1f", min),
    Column("memory_mb", lambda run: run.memory_mb, ".0f", min),
    Column("gpu_memory_mb", lambda run: run.gpu_memory_mb, ".0f", min),
    Column("model_mb", _model_mb, ".2f"),
)
"""`_max` measures choose their threshold on the test set, `image_f1`, `pixel_f1` and `dice` use the shipped one."""


@dataclass(frozen=True, slots=True)
class Line:
    """One detector: the mean of every measure over its runs and its standard deviation (None where there are fewer than two)."""

    name: str
    runs: tuple[Compared, ...]

    @property
    def failed(self) -> str:
        return next((run.failed for run in self.runs if run.failed), "")

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the image AUROC for other test pictures, by the first run."""
        bounds: tuple[float, float] | None = self.runs[0].of("image", "auroc_interval")
        return bounds

    def mean(self, column: Column) -> float | None:
        values = self._values(column)
        return sum(values) / len(values) if values else None

    def spread(self, column: Column) -> float | None:
        values = self._values(column)
        if len(values) < 2:
            return None
        mean = sum(values) / len(values)
        return math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))

    def _values(self, column: Column) -> list[float]:
        return [float(v) for run in self.runs if (v := column.of(run)) is not None]


def lines(found: Sequence[Compared]) -> list[Line]:
    """Runs of one detector with one set of settings belong together; in the order they were asked for."""
    names = dict.fromkeys(run.name for run in found)
    return [Line(name, tuple(run for run in found if run.name == name)) for name in names]


def table_rows(found: Sequence[Compared]) -> list[Row]:
    """A plain dict per detector: means, `NAME_sd` where there are several seeds, None where there is no number."""
    several = any(len(line.runs) > 1 for line in lines(found))
    rows = []
    for line in lines(found):
        low, high = line.interval or (None, None)
        row: Row = {"detector": line.name, "seeds": len(line.runs), "image_auroc_low": low, "image_auroc_high": high}
        for column in COLUMNS:
            row[column.name] = line.mean(column)
            if several:
                row[f"{column.name}_sd"] = line.spread(column)
        rows.append({**row, "failed": line.failed or None})
    return rows


def table_csv(found: Sequence[Compared]) -> str:
    """A header, a dot as decimal sign; an empty cell where there is no number."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    rows = table_rows(found)
    writer.writerow(rows[0].keys())
    writer.writerows([["" if v is None else v for v in row.values()] for row in rows])
    return out.getvalue()


def table_markdown(found: Sequence[Compared]) -> str:
    """For people: a measure per column where anybody has one, ± its standard deviation over seeds, the best in bold; the image
    AUROC with its interval for other test pictures."""
    all_lines = lines(found)
    shown = [c for c in COLUMNS if any(line.mean(c) is not None for line in all_lines)]
    failed = any(line.failed for line in all_lines)
    heads = ["detector", *(c.name for c in shown), *(["failed"] if failed else [])]
    out = [heads, ["---"] * len(heads)]
    for line in all_lines:
        cells = [line.name, *(_cell(line, c, all_lines) for c in shown), *([line.failed or "–"] if failed else [])]
        out.append([text.replace("|", "\\|").replace("\n", " ") for text in cells])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in out)


def _cell(line: Line, column: Column, all_lines: list[Line]) -> str:
    value, spread = line.mean(column), line.spread(column)
    if value is None:
        return "–"
    text = format(value, column.form)
    rivals = [m for other in all_lines if (m := other.mean(column)) is not None]
    if column.best is not None and len(rivals) > 1 and value == column.best(rivals):
        text = f"**{text}**"
    if spread is not None:
        text += f" ± {format(spread, column.form)}"
    if column.name == "image_auroc" and line.interval is not None:
        text += " ({:.3f}–{:.3f})".format(*line.interval)
    return text
