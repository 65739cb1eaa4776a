"""Several detectors on the same tiles: quality at every threshold and at the shipped one, time, memory, with several seeds."""

from __future__ import annotations

import ctypes
import gc
import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from padscope import configs
from padscope.detectors import registry
from padscope.errors import Cancelled, InputError, UsageError
from padscope.nets import devices
from padscope.store.artifacts import Model
from padscope.types import Progress, Work, relayed
from padscope.workflows.evaluate import evaluate_on_tiles
from padscope.workflows.train import FALSE_ALARMS, train_on_tiles

SAMPLE_S = 0.02
MB = 1e6
LIBRARIES = ("torch", "timm", "scipy.ndimage")
"""Loaded before the first run, so that it does not pay for them."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A detector and the settings that are not its defaults."""

    detector: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As it is asked for: "mhbc:form=place"."""
        return ":".join([self.detector, *(f"{k}={v}" for k, v in self.settings.items())])


def entrant(text: str) -> Entrant:
    """ "NAME" or "NAME:setting=value:…"; UsageError for a name, a setting or a value that does not exist."""
    name, *pairs = text.split(":")
    settings = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError(f"“{text}” should be a detector, or a detector with settings as in mhbc:form=place.")
        settings[key] = value
    configs.configured(registry.entry(name).config, settings)
    return Entrant(name, settings)


@dataclass(frozen=True)
class Compared:
    """One run. `result` is what `evaluate` says, empty where the detector failed and `failed` says why."""

    name: str  # of the entrant
    seed: int
    model: Model | None
    result: dict[str, Any]
    train_seconds: float
    memory_mb: float  # how far this process grew beyond the program itself, without what earlier runs had left behind
    gpu_memory_mb: float | None  # peak of the allocator; None without a GPU
    failed: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of how the numbers came about: that a GPU failed, so seconds are a CPU's."""
        trained = self.model.facts.get("notes", ()) if self.model is not None else ()
        return tuple(dict.fromkeys([*trained, *self.result.get("notes", ())]))

    def of(self, group: str, name: str) -> Any:
        """A measure by the names of `evaluate`, None where there is none."""
        return self.result.get(group, {}).get(name)


def compare_on_tiles(
    root: Path,
    entrants: Sequence[Entrant],
    *,
    seeds: Sequence[int] = (0,),
    device: str = "auto",
    false_alarms: float = FALSE_ALARMS,
) -> Work[tuple[Compared, ...]]:
    """Train and evaluate each on `root`, once per seed. One that fails gets its reason into the table, and the next one its
    turn."""
    runs = [(one, seed) for one in entrants for seed in seeds]
    found = []
    for i, (one, seed) in enumerate(runs):
        told = _in_its_share(i, len(runs), one.name if len(seeds) == 1 else f"{one.name}, seed {seed}")
        found.append((yield from relayed(_compared(root, one, seed, device, false_alarms), told)))
    return tuple(found)


def _compared(root: Path, one: Entrant, seed: int, device: str, false_alarms: float) -> Work[Compared]:
    started = time.perf_counter()
    on_gpu = devices.chosen(device) == "cuda"
    if on_gpu:
        _gpu_peak(anew=True)
    with _growth() as grown:
        try:
            training = train_on_tiles(
                root, detector=one.detector, settings=one.settings, seed=seed, device=device, false_alarms=false_alarms
            )
            model = yield from relayed(training, lambda p: Progress(p.done, 2 * p.total, p.stage))
            seconds = time.perf_counter() - started
            evaluation = evaluate_on_tiles(model, root, device=device)
            result = yield from relayed(evaluation, lambda p: Progress(p.total + p.done, 2 * p.total, p.stage))
        except Cancelled:
            raise
        except (InputError, UsageError) as error:  # some settings are checked only where they are used
            return Compared(one.name, seed, None, {}, time.perf_counter() - started, grown() / MB, None, str(error))
    gpu = _gpu_peak() if on_gpu else None
    return Compared(one.name, seed, model, result, seconds, grown() / MB, gpu)


def _in_its_share(i: int, count: int, name: str) -> Callable[[Progress], Progress]:
    return lambda p: Progress(round(1000 * (i + p.fraction)), 1000 * count, f"{name}: {p.stage}")


@contextmanager
def _growth() -> Iterator[Callable[[], float]]:
    """How many bytes this process has grown by at most, sampled every SAMPLE_S; short peaks may slip through."""
    _let_go()
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


def _let_go() -> None:
    """Give freed memory back to the system: what one run left behind must not hide what the next one needs."""
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(
            ctypes.CDLL(None), "malloc_trim", None
        )  # of glibc; other libraries give large blocks back by themselves
        if trim is not None:
            trim(0)


def _gpu_peak(*, anew: bool = False) -> float | None:
    """MB held at most since the last time that was `anew`; None of a GPU that was lost."""
    import torch

    try:
        peak = torch.cuda.max_memory_allocated() / MB
        if anew:
            torch.cuda.reset_peak_memory_stats()
    except (RuntimeError, AssertionError):
        return None
    return peak
