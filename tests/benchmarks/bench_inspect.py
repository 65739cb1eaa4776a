"""One board from file to verdicts: seconds, their spread and the peak memory, each beside one full decode of the same file.

    python tests/benchmarks/bench_inspect.py MODEL LAYOUT PICTURE [RUNS]

Each run is a process of its own that inspects the picture twice; the second time counts (the first one warms up).
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path


def once(model: str, layout: str, picture: str) -> dict[str, float]:
    import cv2

    from padscope.boards.layout_files import load_layout
    from padscope.boards.rules import load_rules
    from padscope.store.artifacts import load_model
    from padscope.types import finish
    from padscope.workflows.inspect import Inspector

    started = time.perf_counter()
    cv2.imread(picture)
    decode = time.perf_counter() - started
    inspector = Inspector(load_model(model), load_layout(layout), load_rules())
    finish(inspector.inspect(Path(picture)))
    started = time.perf_counter()
    finish(inspector.inspect(Path(picture)))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "decodes": seconds / decode, "peak_mb": peak}


def main() -> None:
    if sys.argv[1] == "--once":
        print(json.dumps(once(*sys.argv[2:5])))
        return
    runs = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    command = [sys.executable, __file__, "--once", *sys.argv[1:4]]
    found = [
        json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout) for _ in range(runs)
    ]
    print(f"{runs} runs: median (least … most)")
    for name, unit in (("seconds", "s per board"), ("decodes", "× one full decode"), ("peak_mb", "MB peak memory")):
        values = sorted(f[name] for f in found)
        print(f"{statistics.median(values):8.2f} ({values[0]:.2f} … {values[-1]:.2f}) {unit}")


if __name__ == "__main__":
    main()
