"""The real window is killed while somebody paints in it; hundreds of times by hand in `benchmarks/kill_painting.py`."""

from __future__ import annotations

from pathlib import Path

from killed_window import Count, kill_painting


def test_a_killed_window_opens_again_with_every_stroke_that_was_released(tmp_path: Path) -> None:
    count = Count()
    kill_painting(tmp_path, kills=2, seed=7, count=count)
    assert count.wrong == []
    assert count.kills == 2
    assert count.steps > 3  # else nothing was painted that could be lost
