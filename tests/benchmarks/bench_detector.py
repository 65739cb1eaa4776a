"""PatchCore beside what it stands on: a tile against the bare backbone, the coreset against the full greedy.

Run: python tests/benchmarks/bench_detector.py [--runs 15] [--threads 2] [--coreset] [--wide] [--device cpu]
--wide adds a network of the size of Wide-ResNet-50-2, of random weights (its features say nothing; its seconds do).
Every ratio is of two things measured turn by turn in the same run; the spread is the middle half of the turns.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import timm
import torch
from safetensors.torch import save_file

from padscope.configs import PatchcoreConfig
from padscope.detectors.bank_view import bank_view
from padscope.detectors.patchcore import Patchcore
from padscope.detectors.place_habit import ACROSS, ALONG, PlaceHabit
from padscope.nets.cell_head import CellHead
from padscope.nets.embedding import embeddings
from padscope.stats.coreset import Reservoir, covering_radius, k_center
from padscope.tiling import CELL
from padscope.types import Tiles, finish

BANK, SIDE = 5000, 256
WIDE = "wide_resnet50_2"
ROWS, DIMENSIONS, CENTRES, PORTION = 204_800, 152, 4096, 51_200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--coreset", action="store_true")
    parser.add_argument("--wide", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"{arguments.threads} threads, {arguments.device}, torch {torch.__version__}, {arguments.runs} runs each")
    if arguments.coreset:
        coreset(arguments.device)
        return
    with TemporaryDirectory() as folder:
        tiles(arguments.runs, arguments.device, settings_of(Path(folder), wide=arguments.wide))


def settings_of(folder: Path, *, wide: bool) -> dict[str, PatchcoreConfig]:
    plain = PatchcoreConfig(bank_size=BANK, blemishes=0)
    found = {"bank alone": plain, "bank and head": replace(plain, blemishes=1200)}
    if wide:
        path = folder / "wide.safetensors"
        torch.manual_seed(0)
        save_file(timm.create_model(WIDE, pretrained=False).state_dict(), path)
        found["wide, bank alone"] = replace(plain, backbone=WIDE, weights=str(path))
    return found


def tiles(runs: int, device: str, settings: dict[str, PatchcoreConfig]) -> None:
    pixels = textured(8, seed=0)
    for batch in (1, 8):
        seen = Tiles(pixels[:batch], np.ones((batch, SIDE, SIDE), dtype=bool), tuple("x" * batch))
        print(f"tiles of {SIDE} px, bank {BANK}, batches of {batch}: time of a tile against the bare backbone")
        for name, config in settings.items():
            detector = detector_with(config, device)
            x = torch.from_numpy(seen.pixels)
            backbone = detector.view.backbone
            bare, whole = turn_by_turn([lambda b=backbone, x=x: b(x), lambda d=detector, s=seen: d.score(s)], runs)
            ratio = whole / bare
            print(
                f"  {name:16} {np.median(whole) / batch * 1e3:7.1f} ms of which backbone {np.median(bare) / batch * 1e3:6.1f} ms:"
                f" {np.median(ratio):.2f} x ({np.percentile(ratio, 25):.2f} … {np.percentile(ratio, 75):.2f}), {runs} runs"
            )


def textured(count: int, seed: int) -> np.ndarray:
    """Tiles (count, 3, SIDE, SIDE) float32 in [0, 1] of grain at several scales, so that embeddings lie in clumps, as of metal."""
    draw = np.random.default_rng(seed)
    fields = [
        draw.normal(size=(count, 1, SIDE // k, SIDE // k)).repeat(k, axis=2).repeat(k, axis=3) for k in (1, 4, 32)
    ]
    return np.clip(0.5 + 0.08 * sum(fields), 0, 1).repeat(3, axis=1).astype(np.float32)


def detector_with(config: PatchcoreConfig, device: str) -> Patchcore:
    """A detector whose head has learned nothing; its bank is of other tiles' embeddings."""
    view = bank_view(config, device)
    draw = torch.Generator().manual_seed(0)
    seen = torch.from_numpy(textured(8, seed=1))
    rows = view(embeddings(view.backbone(seen), config.neighbourhood, (SIDE // CELL, SIDE // CELL)))
    rows = rows.permute(0, 2, 3, 1).reshape(-1, view.dimensions)
    bank = rows[torch.randperm(len(rows), generator=draw)[:BANK].to(device)]
    head = None
    if config.blemishes:
        d = 2 * sum(view.backbone.channels)
        shapes = [(128, d), (128,), (128, 128), (128,), (1, 128), (1,)]
        weights = tuple((torch.randn(s, generator=draw) / 20).to(device) for s in shapes)
        head = CellHead(torch.zeros(d, device=device), torch.ones(d, device=device), weights)
    habit = PlaceHabit(np.zeros(ALONG * ACROSS, np.float32))
    return Patchcore.of_bank(config, view, bank, head, habit, 1.0)


def turn_by_turn(works: list[Callable[[], object]], runs: int) -> list[np.ndarray]:
    """Seconds of each work (runs,), taking turns so that both meet the same weather; two turns to warm up."""
    seconds = np.zeros((len(works), runs + 2))
    for turn in range(runs + 2):
        for k, work in enumerate(works):
            started = time.perf_counter()
            work()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            seconds[k, turn] = time.perf_counter() - started
    return list(seconds[:, 2:])


def coreset(device: str) -> None:
    """On rows that lie as embeddings do: a few hundred directions of falling spread, in clumps."""
    draw = torch.Generator().manual_seed(0)
    spread = torch.linspace(1, 0.05, DIMENSIONS)
    clumps = torch.randn(300, DIMENSIONS, generator=draw) * spread * 2
    rows = clumps[torch.randint(300, (ROWS,), generator=draw)] + torch.randn(ROWS, DIMENSIONS, generator=draw) * spread
    rows = rows.to(device)
    print(f"coreset {ROWS} x {DIMENSIONS} -> {CENTRES}")
    started = time.perf_counter()
    full = rows[k_center(rows, CENTRES, seed=0)]
    seconds, radius = time.perf_counter() - started, covering_radius(rows, full)
    print(f"  full greedy                     {seconds:6.1f} s   covering radius {radius:.4f}")
    for portion in (ROWS, PORTION):
        reservoir = Reservoir(CENTRES, portion, seed=0)
        started = time.perf_counter()
        for some in rows.split(8192):
            finish(reservoir.add(some))
        centres = finish(reservoir.centres())
        seconds, own = time.perf_counter() - started, covering_radius(rows, centres)
        print(
            f"  stream, portions of {portion:7}     {seconds:6.1f} s   covering radius {own:.4f} = {own / radius:.3f} x"
        )


if __name__ == "__main__":
    main()
