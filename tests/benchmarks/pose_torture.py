"""By hand: how far the search for the pose goes.  usage: pose_torture.py [boards per kind] [first seed] [kind…] [-v]

Prints per kind how many boards were found, refused, and accepted though wrong (which must be none), the errors at the pads,
and the time.  A board counts as wrong if any of its pads in the picture is off by more than 5 µm."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from padscope.boards.pose import Pose, find_pose
from padscope.errors import PoseError
from torture_boards import KINDS, Torture, torture

WRONG_UM = 5.0


def error_um(case: Torture, pose: Pose) -> float:
    """Largest distance over the corners, as far as they are in the picture, of all pads that the pose claims to have seen."""
    corners = np.concatenate([case.layout.pad[name].corners_um for name in pose.pad_residual_um])
    truth = case.truth_px(corners)
    inside = (truth >= 0).all(axis=1) & (truth < (case.picture.width, case.picture.height)).all(axis=1)
    apart = (pose.to_px(corners) - truth)[inside]
    assert case.truth is not None
    return float(np.hypot(*apart.T).max() / case.truth.scale) if len(apart) else np.inf


def main() -> None:
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    print(f"{'kind':12} boards  found refused WRONG   median    95 %     max  (µm)   seconds  worst")
    for kind in [k for k in sys.argv[3:] if k in KINDS] or KINDS:
        errors, refused, wrong, seconds, worst = [], Counter[str](), [], [], (0.0, 0)
        for seed in range(first, first + many):
            case = torture(kind, seed)
            began = time.perf_counter()
            try:
                pose = find_pose(case.picture, case.layout)
            except PoseError as error:
                refused[str(error).split(";")[0]] += 1
                continue
            finally:
                seconds.append(time.perf_counter() - began)
            error_here = error_um(case, pose) if case.truth is not None else np.inf
            errors.append(error_here)
            worst = max(worst, (error_here, seed))
            if not error_here <= WRONG_UM:
                wrong.append((seed, round(error_here, 1), case.told))
        e = np.array(errors) if errors else np.full(1, np.nan)
        print(
            f"{kind:12} {many:6} {len(errors):6} {sum(refused.values()):7} {len(wrong):5} {np.median(e):8.2f} "
            f"{np.percentile(e, 95):7.2f} {e.max():7.2f}       {np.median(seconds):7.2f}  seed {worst[1]}",
            flush=True,
        )
        for item in wrong:
            print("   WRONG", *item)
        if "-v" in sys.argv:
            for sentence, n in refused.most_common(4):
                print(f"   {n} x {sentence}")


if __name__ == "__main__":
    main()
