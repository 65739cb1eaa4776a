"""The whole speed table of the detectors, part by part, each a process of its own; each line says its runs and its spread.

    python tests/benchmarks/bench_speed.py [--runs 15] [--threads 2] [--device cpu]
        [--model M --layout L --picture P]       a board, from file to verdicts
        [--anomalib PYTHON --tiles FOLDER]       beside the peer (an environment of its own; sound tiles in FOLDER/train/good)

Parts whose files are not given are named and left out, so that nobody takes a short table for the whole one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
MEMORY_TILES = 10_000
"""bench_memory takes ten times as many, too: 100 000."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--device", default="cpu")
    for name in ("model", "layout", "picture", "anomalib", "tiles"):
        parser.add_argument(f"--{name}")
    a = parser.parse_args()
    shared = ["--threads", str(a.threads), "--device", a.device]
    board, peer = [a.model, a.layout, a.picture], [a.anomalib, a.tiles]
    parts: dict[str, list[str] | None] = {
        "a tile against the bare backbone": ["bench_detector.py", "--wide", "--runs", str(a.runs), *shared],
        "the coreset against the full greedy": ["bench_detector.py", "--coreset", *shared],
        "the coreset and tiles beside anomalib": ["bench_peers.py", *peer] if all(peer) else None,
        "memory of training on 10 000 and 100 000 tiles": ["bench_memory.py", str(MEMORY_TILES), "patchcore"],
        "a board from file to verdicts": ["bench_inspect.py", *board, str(max(a.runs // 3, 2))] if all(board) else None,
    }
    environment = {**os.environ, "OMP_NUM_THREADS": str(a.threads)}
    failed = []
    for name, command in parts.items():
        print(f"\n== {name}", flush=True)
        if command is None:
            print("left out: its files are not given (see --help)", flush=True)
        elif subprocess.run([sys.executable, str(HERE / command[0]), *command[1:]], env=environment).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"not measured: {'; '.join(failed)}")


if __name__ == "__main__":
    main()
