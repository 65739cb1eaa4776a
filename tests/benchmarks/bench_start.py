"""How long until the window is on the screen, against an empty PySide6 + pyqtgraph window in the same run.

    python tests/benchmarks/bench_start.py [ROUNDS]

Each round starts both programs afresh, in turn, and reads the clock when the first paint of the shown window is over. Printed:
the ratio of the medians, the number of rounds, and the spread (quartiles) of either.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

EMPTY = """
import time, sys
start = float(sys.argv[1])
from PySide6.QtWidgets import QApplication, QMainWindow
import pyqtgraph
app = QApplication([])
window = QMainWindow()
window.setCentralWidget(pyqtgraph.GraphicsLayoutWidget())
window.show()
app.processEvents()
print(time.time() - start)
"""
OURS = """
import time, sys
start = float(sys.argv[1])
from padscope_desktop import app as padscope_app
app = padscope_app.application()
window = padscope_app.build()
window.show()
app.processEvents()
shown = time.time() - start
heavy = [m for m in ("torch", "timm", "faiss", "cv2", "scipy", "sklearn", "PIL", "pyqtgraph") if m in sys.modules]
window.close()
print(shown, *heavy)
"""
CLOCK = (
    "import subprocess, sys, time; subprocess.run([sys.executable, '-c', sys.argv[1], str(time.time())], check=True)"
)


def seconds(program: str, home: Path) -> tuple[float, list[str]]:
    """From before the interpreter starts to the first paint, and which heavy modules were loaded by then."""
    environment = {**os.environ, "PADSCOPE_SETTINGS": str(home / "settings.json")}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    done = subprocess.run(
        [sys.executable, "-c", CLOCK, program], env=environment, capture_output=True, text=True, check=True
    )
    shown, *heavy = done.stdout.split()
    return float(shown), heavy


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for program in (EMPTY, OURS):
            seconds(program, home)  # files into the cache
        empty, ours, heavy = [], [], set()
        for _ in range(rounds):
            empty.append(seconds(EMPTY, home)[0])
            shown, loaded = seconds(OURS, home)
            ours.append(shown)
            heavy |= set(loaded)
    for name, times in (("empty PySide6 + pyqtgraph window", empty), ("Padscope", ours)):
        low, middle, high = statistics.quantiles(times, n=4)
        print(f"{name:34} median {middle:.3f} s   quartiles {low:.3f} … {high:.3f} s")
    ratio = statistics.median(ours) / statistics.median(empty)
    print(
        f"ratio {ratio:.2f} over {rounds} rounds (wanted: at most 1.30)   heavy modules loaded: {sorted(heavy) or 'none'}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
