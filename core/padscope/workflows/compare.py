"""Several detectors on the same tiles: quality at every threshold and at the shipped one, time, memory; one table."""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from padscope.detectors import registry
from padscope.errors import Cancelled, InputError
from padscope.nets import devices
from padscope.store.artifacts import Model
from padscope.types import Progress, Work, relayed
from padscope.workflows.evaluate import evaluate_on_tiles
from padscope.workflows.train import FALSE_ALARMS, train_on_tiles

SAMPLE_S = 0.02
MB = 1e6


@dataclass(frozen=True)
class Compared:
    """One detector's line. `result` is what `evaluate` says, empty where the detector failed and `failed` says why."""

    detector: str
    model: Model | None
    result: dict[str, Any]
    train_seconds: float
    memory_mb: float  # how far this process grew beyond its size before training
    gpu_memory_mb: float | None  # peak of the allocator; None without a GPU
    failed: str = ""

    def of(self, group: str, name: str) -> Any:
        """A measure by the names of `evaluate`, None where there is none."""
        return self.result.get(group, {}).get(name)


def _model_mb(c: Compared) -> float | None:
    return None if c.model is None else sum(a.nbytes for a in c.model.arrays.values()) / MB


def _interval(c: Compared) -> str | None:
    bounds = c.of("image", "auroc_interval")
    return None if bounds is None else f"{bounds[0]:.3f}–{bounds[1]:.3f}"


def _ms(c: Compared) -> float | None:
    return 1000 * c.result["seconds_per_tile"] if "seconds_per_tile" in c.result else None


COLUMNS: tuple[tuple[str, Callable[[Compared], Any], str], ...] = (
    ("detector", lambda c: c.detector, ""),
    ("image_auroc", lambda c: c.of("image", "auroc"), ".4f"),
    ("image_auroc_95", _interval, ""),
    ("image_f1_max", lambda c: c.of("image", "f1_max"), ".4f"),
    ("image_f1", lambda c: c.of("image", "f1"), ".4f"),
    ("zero_miss_fpr", lambda c: c.of("image", "zero_miss_fpr"), ".4f"),
    ("pixel_auroc", lambda c: c.of("pixel", "auroc"), ".4f"),
    ("pixel_f1_max", lambda c: c.of("pixel", "f1_max"), ".4f"),
    ("pixel_f1", lambda c: c.of("pixel", "f1"), ".4f"),
    ("aupro", lambda c: c.of("pixel", "aupro"), ".4f"),
    ("dice", lambda c: c.of("pixel", "dice"), ".4f"),
    ("train_s", lambda c: c.train_seconds, ".1f"),
    ("ms_per_tile", _ms, ".1f"),
    ("memory_mb", lambda c: c.memory_mb, ".0f"),
    ("gpu_memory_mb", lambda c: c.gpu_memory_mb, ".0f"),
    ("model_mb", _model_mb, ".2f"),
    ("failed", lambda c: c.failed or None, ""),
)
"""(column, value, format) of the tables. `_max` measures choose their threshold on the test set, the others use the shipped one."""


def compare_on_tiles(
    root: Path,
    detectors: Sequence[str],
    *,
    seed: int = 0,
    device: str = "auto",
    false_alarms: float = FALSE_ALARMS,
) -> Work[tuple[Compared, ...]]:
    """Train and evaluate each on `root`. One that fails gets its reason into the table, and the next one its turn; UsageError
    for a name that does not exist, before any work is done."""
    for name in detectors:
        registry.entry(name)
    found = []
    for i, name in enumerate(detectors):
        told = _in_its_share(i, len(detectors), name)
        found.append((yield from relayed(_compared(root, name, seed, device, false_alarms), told)))
    return tuple(found)


def _compared(root: Path, name: str, seed: int, device: str, false_alarms: float) -> Work[Compared]:
    started = time.perf_counter()
    on_gpu = devices.chosen(device) == "cuda"
    if on_gpu:
        _reset_gpu_peak()
    with _growth() as grown:
        try:
            training = train_on_tiles(root, detector=name, seed=seed, device=device, false_alarms=false_alarms)
            model = yield from relayed(training, lambda p: Progress(p.done, 2 * p.total, p.stage))
            seconds = time.perf_counter() - started
            evaluation = evaluate_on_tiles(model, root, device=device)
            result = yield from relayed(evaluation, lambda p: Progress(p.total + p.done, 2 * p.total, p.stage))
        except Cancelled:
            raise
        except InputError as error:
            return Compared(name, None, {}, time.perf_counter() - started, grown() / MB, None, str(error))
    return Compared(name, model, result, seconds, grown() / MB, _gpu_peak() / MB if on_gpu else None)


def table_csv(found: Sequence[Compared]) -> str:
    """A header, a dot as decimal sign; an empty cell where there is no number."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([name for name, _, _ in COLUMNS])
    writer.writerows([["" if v is None else v for v in _values(c)] for c in found])
    return out.getvalue()


def table_markdown(found: Sequence[Compared]) -> str:
    """For people: best of each quality column in bold."""
    shown = [[_cell(v, form) for v, (_, _, form) in zip(_values(c), COLUMNS, strict=True)] for c in found]
    for k, (name, _, _) in enumerate(COLUMNS):
        numbers = {i: v for i, c in enumerate(found) if isinstance(v := _values(c)[k], float)}
        if name in _QUALITY and len(numbers) > 1:
            best = min(numbers.values()) if name == "zero_miss_fpr" else max(numbers.values())
            for i in (i for i, v in numbers.items() if v == best):
                shown[i][k] = f"**{shown[i][k]}**"
    lines = [[name for name, _, _ in COLUMNS], ["---"] * len(COLUMNS), *shown]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


_QUALITY = {
    "image_auroc",
    "image_f1_max",
    "image_f1",
    "zero_miss_fpr",
    "pixel_auroc",
    "pixel_f1_max",
    "pixel_f1",
    "aupro",
    "dice",
}


def _values(c: Compared) -> list[Any]:
    return [value(c) for _, value, _ in COLUMNS]


def _cell(value: Any, form: str) -> str:
    text = "–" if value is None else format(value, form) if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _in_its_share(i: int, count: int, name: str) -> Callable[[Progress], Progress]:
    return lambda p: Progress(round(1000 * (i + p.fraction)), 1000 * count, f"{name}: {p.stage}")


@contextmanager
def _growth() -> Iterator[Callable[[], float]]:
    """How many bytes this process has grown by at most, sampled every SAMPLE_S; short peaks may slip through."""
    process = psutil.Process()
    start = peak = process.memory_info().rss
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(SAMPLE_S):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield lambda: float(peak - start)
    finally:
        ended.set()
        watcher.join()


def _reset_gpu_peak() -> None:
    import torch

    torch.cuda.reset_peak_memory_stats()


def _gpu_peak() -> float:
    import torch

    return float(torch.cuda.max_memory_allocated())
