"""Kills the real window while somebody draws a layout in it, and opens the project again; run by hand:

    python tests/benchmarks/kill_drawing.py [KILLS] [SEED]

After each kill the window must bring back a draft, with all it takes to undo it, that is one of those drawn: the last that was
said to be stored, or a later one; and it must offer to go on with it. Printed: kills, steps, in how many kills a step was lost
that had been drawn but not stored (it was in flight), and everything that was wrong.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from killed_window import new_project  # noqa: E402

A_PROJECT = 10
LONGEST_S = 30
"""A window that has said nothing more for so long is killed all the same."""


def draw_and_kill(path: Path, seed: int, lines: int, delay_s: float) -> list[dict[str, Any]]:
    """What the window told until it was killed, `delay_s` after so many lines."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(TESTS / "desktop"), str(TESTS), *sys.path]),
        "QT_QPA_PLATFORM": "offscreen",
        "PADSCOPE_SETTINGS": str(path.parent / "settings.json"),
    }
    command = [sys.executable, str(TESTS / "desktop" / "drawing_to_kill.py"), str(path), str(seed)]
    with (
        path.with_suffix(".log").open("wb") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, env=environment, start_new_session=True
        ) as child,
    ):
        assert child.stdout is not None
        patience = threading.Timer(LONGEST_S, child.kill)
        patience.start()
        told = [child.stdout.readline() for _ in range(lines)]
        time.sleep(delay_s)  # not to wait for something, but to strike at a random moment
        child.send_signal(signal.SIGKILL)
        patience.cancel()
        told += child.stdout.read().split(b"\n")[:-1]
    return [json.loads(line) for line in told if line.strip()]


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    chance, begun = random.Random(seed), time.perf_counter()
    wrong: list[str] = []
    steps = checked = late = most = offers = 0
    for first in range(0, kills, A_PROJECT):
        with tempfile.TemporaryDirectory() as folder:
            path = new_project(Path(folder))
            drawn: list[str] = []  # of the run before, as far as it came
            stored = 0
            for turn in range(first, min(first + A_PROJECT, kills) + 1):
                last = turn == min(first + A_PROJECT, kills)  # only to see what came back of the kill before
                told = draw_and_kill(
                    path,
                    1000 * seed + turn,
                    1 if last else chance.randrange(2, 80),
                    0 if last else chance.uniform(0, 0.05),
                )
                if not told or told[0]["tell"] != "back":
                    wrong.append(f"kill {turn}: the window did not open: {path.with_suffix('.log').read_text()[-500:]}")
                    break
                back = told[0]
                if drawn:
                    checked += 1
                    if back["sha"] not in drawn:
                        wrong.append(f"kill {turn}: what came back was never drawn: {back}")
                    else:
                        place = max(k for k, sha in enumerate(drawn) if sha == back["sha"])
                        if place < stored:
                            wrong.append(f"kill {turn}: step {stored} was stored, {place} came back")
                        late += place < len(drawn) - 1
                        most = max(most, len(drawn) - 1 - place)
                    if back["touched"] and not back["offered"]:
                        wrong.append(f"kill {turn}: nobody was offered to go on")
                    offers += back["offered"]
                drawn = [back["sha"], *(t["sha"] for t in told if t["tell"] == "drawn")]
                steps += len(drawn) - 1
                stored = max((t["n"] for t in told if t["tell"] == "stored"), default=0)
    print(
        f"{checked} kills in {time.perf_counter() - begun:.0f} s, {steps} steps drawn, {offers} times offered to go on"
    )
    print(f"  a step in flight was lost in {late} kills, at most {most} steps")
    print("  wrong:", *(wrong or ["nothing"]), sep="\n    ")
    sys.exit(min(len(wrong), 1))


if __name__ == "__main__":
    main()
