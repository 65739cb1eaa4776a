"""Peak memory of training on N and on 10 N tiles, one process each: what grows with the number of tiles shows at once.

    python tests/benchmarks/bench_memory.py [N] [DETECTOR…]

Tiles are random, 128 px, made when they are asked for. The backbone is a stand-in of the same channels and strides that costs
next to nothing: its own memory does not depend on N, and with the real one 100 000 tiles would take an hour. 2000 tiles of 256
cells already fill PatchCore's portion, so that 10 N goes through several reductions.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

SIZE, BATCH = 128, 20
SETTINGS: dict[str, dict[str, str]] = {
    "patchcore": {"bank_size": "1000"},
    "patchcore bank": {"bank_size": "1000", "blemishes": "0"},
    "padim": {},
    "mhbc": {},
    "mhbc kmeans": {"clustering": "kmeans"},
}


@dataclass(frozen=True)
class RandomTiles:
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[object]:
        import numpy as np

        from padscope.types import Tiles

        noise = np.random.default_rng(0)
        for start in range(0, self.count, BATCH):
            n = min(BATCH, self.count - start)
            pixels = noise.random((n, 3, SIZE, SIZE), dtype=np.float32)
            yield Tiles(pixels, np.ones((n, SIZE, SIZE), bool), tuple(f"t{start + i}" for i in range(n)))


def once(name: str, count: int) -> dict[str, float]:
    import psutil
    import torch
    from torch.nn import functional as F

    from padscope.configs import configured
    from padscope.detectors import registry
    from padscope.nets import choice
    from padscope.types import finish
    from padscope.workflows.compare import _growth

    class StandIn(torch.nn.Module):
        """Cell means by two random projections: as many channels as the real levels have."""

        def __init__(self, channels: tuple[int, ...], strides: tuple[int, ...]) -> None:
            super().__init__()
            self.strides = strides
            self.mixes = [torch.randn(c, 3 * 4, 1, 1) for c in channels]

        def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
            cells = [F.pixel_unshuffle(F.avg_pool2d(x, s // 2), 2) for s in self.strides]
            return [F.conv2d(c, m) for c, m in zip(cells, self.mixes, strict=True)]

    detector, kind = name.split()[0], registry.detector(name.split()[0])
    module = sys.modules[kind.__module__]
    real = choice.backbone_of

    def light(config: object, device: str) -> object:
        found = real(config, device)  # type: ignore[arg-type]
        return replace(found, net=StandIn(found.channels, found.strides))

    module.backbone_of = light  # type: ignore[attr-defined]
    config: object = configured(registry.entry(detector).config, SETTINGS[name])
    finish(kind.fit(config, RandomTiles(BATCH), seed=0, device="cpu"))  # warm: libraries, first buffers
    start, at = psutil.Process().memory_info().rss, time.perf_counter()
    with _growth() as grown:
        finish(kind.fit(config, RandomTiles(count), seed=0, device="cpu"))
        peak = grown()
    return {"base_mb": start / 1e6, "grown_mb": peak / 1e6, "seconds": time.perf_counter() - at}


def main() -> None:
    if sys.argv[1:2] == ["--once"]:
        print(json.dumps(once(sys.argv[2], int(sys.argv[3]))))
        return
    base = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    print("detector        tiles     peak MB   of it training   seconds")
    for name in sys.argv[2:] or SETTINGS:
        found = []
        for count in (base, 10 * base):
            command = [sys.executable, __file__, "--once", name, str(count)]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found.append(json.loads(out.splitlines()[-1]))
            f = found[-1]
            print(
                f"{name:14} {count:7} {f['base_mb'] + f['grown_mb']:10.0f} {f['grown_mb']:16.0f} {f['seconds']:9.1f}",
                flush=True,
            )
        per_tile = (found[1]["grown_mb"] - found[0]["grown_mb"]) / (9 * base)
        at_100k = found[1]["base_mb"] + found[1]["grown_mb"] + max(per_tile, 0) * (100_000 - 10 * base)
        print(
            f"{'':14} 100 000 {at_100k:10.0f} MB if every further tile cost as much as these did ({1000 * per_tile:.2f} kB)"
        )


if __name__ == "__main__":
    main()
