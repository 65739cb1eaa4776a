"""Kills the real window hundreds of times, while somebody paints in it and in the middle of long work; run by hand:

    python tests/benchmarks/kill_painting.py [KILLS] [SCENE …]

Scenes: paint (brush, eraser, undo, redo; each project is opened twelve times), heat, classes, import_labels, merge_project. After
each kill the project is opened again: SQLite's integrity check, the chain of its history, every label against the replay of its
strokes, and in `paint` every pixel against a slow replay of what the hand did, the undo and redo stacks, and that no step is
missing whose mouse button was released. Printed: kills, steps found, after how many kills the journal beside the project brought
steps back that were on their way into it (the hand makes up to eighty a second), and everything that was wrong.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from killed_window import WHOLE, Count, kill_in_scene, kill_painting

A_PROJECT = 12


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    wrong = 0
    for scene in sys.argv[2:] or ["paint", *WHOLE]:
        count, complete, begun = Count(), 0, time.perf_counter()
        if scene == "paint":
            for seed in range(0, kills, A_PROJECT):
                with tempfile.TemporaryDirectory() as folder:
                    kill_painting(Path(folder), min(A_PROJECT, kills - seed), seed, count)
        else:
            with tempfile.TemporaryDirectory() as folder:
                complete = kill_in_scene(Path(folder), scene, kills, 1, count, 1.0 if scene == "heat" else 6.0)
        print(f"{scene}: {count.kills} kills in {time.perf_counter() - begun:.0f} s, {count.steps} steps on disk")
        if count.came_back:
            print(
                f"  steps came back from the journal after {len(count.came_back)} kills:",
                *set(count.came_back),
                sep="\n    ",
            )
        if scene in WHOLE:
            print(f"  all of it was there after {complete} kills, nothing of it after {count.kills - complete}")
        print("  wrong:", *(count.wrong or ["nothing"]), sep="\n    ")
        wrong += len(count.wrong)
    sys.exit(min(wrong, 1))


if __name__ == "__main__":
    main()
