"""By hand: how fast pictures open and pyramids grow, as ratios measured side by side.

usage: bench_pictures.py [runs] [--giant]      (--giant: also TIFF files of 20 000 x 20 000 px, 3 GB of temporary space)

Every measurement runs in a process of its own (its peak memory is that process's), in turn with the measurement it is compared
with, so that both meet the same load; printed are the median and the range over the runs. On a busy computer
`best against best` says most.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

STITCHED = (9299, 10895)  # height, width of a picture stitched by a VHX-6000
BOARD = (5600, 7200)
GIANT = (20_000, 20_000)
SCREEN = (1920, 1080)  # width, height


def metal(height: int, width: int) -> np.ndarray:
    """Pads on a board, grainy, (h, w, 3) uint8: compresses about like a picture of the microscope."""
    rng = np.random.default_rng(0)
    tile = np.full((1024, 1024, 3), (60, 75, 70), np.float32)
    for y in range(60, 1000, 160):
        for x in range(40, 980, 240):
            tile[y : y + 90, x : x + 180] = (205, 200, 190)
    tile += rng.normal(0, 6, tile.shape[:2])[..., None]
    small = np.clip(tile, 0, 255).astype(np.uint8)
    return np.tile(small, (-(-height // 1024), -(-width // 1024), 1))[:height, :width]


def write_pictures(folder: Path, giant: bool) -> dict[str, Path]:
    import tifffile

    from keyence_files import Vhx
    from picture_files import jpeg_bytes

    files = {"board": folder / "board.jpg", "vhx": folder / "vhx.jpg"}
    files["board"].write_bytes(jpeg_bytes(metal(*BOARD), quality=92))
    files["vhx"].write_bytes(
        Vhx(um=4.098828614925307, ratio=44 / 45, label="X50", stitched=True).bytes(metal(*STITCHED))
    )
    if giant:
        pixels = metal(*GIANT)
        for name, options in (
            ("giant", {}),
            ("giant-lzw", {"compression": "lzw"}),
            ("giant-tiles", {"tile": (512, 512)}),
        ):
            files[name] = folder / f"{name}.tif"
            tifffile.imwrite(files[name], pixels, photometric="rgb", metadata=None, rowsperstrip=64, **options)
    return files


# each returns seconds; run in a process of its own


def decode_whole(path: Path, cache: Path) -> float:
    """The fastest complete decode there is here, without any check."""
    import imagecodecs

    data = path.read_bytes()
    began = time.perf_counter()
    imagecodecs.jpeg8_decode(data)
    return time.perf_counter() - began


def decode_scaled(path: Path, cache: Path) -> float:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    data = path.read_bytes()
    began = time.perf_counter()
    picture = Image.open(io.BytesIO(data))
    picture.draft("RGB", (picture.width // 8, picture.height // 8))
    picture.load()
    return time.perf_counter() - began


def decode_tiff(path: Path, cache: Path) -> float:
    import tifffile

    began = time.perf_counter()
    tifffile.imread(path, maxworkers=2)
    return time.perf_counter() - began


def open_and_read(path: Path, cache: Path) -> float:
    from padscope.pictures.picture import open_picture

    began = time.perf_counter()
    with open_picture(path) as picture:
        picture.read(picture.box)
    return time.perf_counter() - began


def first_look(path: Path, cache: Path) -> float:
    from padscope.pictures.picture import open_picture
    from padscope.pictures.pyramid import build_pyramid, find_pyramid

    shutil.rmtree(cache, ignore_errors=True)
    began = time.perf_counter()
    picture = open_picture(path)
    work = build_pyramid(picture, cache)
    next(work)
    look = find_pyramid(picture, cache)
    seconds = time.perf_counter() - began
    work.close()
    return seconds if look is not None else float("nan")


def everything(path: Path, cache: Path) -> float:
    """Until every level can be read; making it survive a power cut comes after."""
    from padscope.pictures.picture import open_picture
    from padscope.pictures.pyramid import build_pyramid

    shutil.rmtree(cache, ignore_errors=True)
    began = time.perf_counter()
    for progress in build_pyramid(open_picture(path), cache):
        if progress.done == progress.total and progress.stage.startswith("keeping"):
            seconds = time.perf_counter() - began
    return seconds


def reopen(path: Path, cache: Path) -> float:
    from padscope.pictures.picture import open_picture
    from padscope.pictures.pyramid import find_pyramid
    from padscope.types import Box

    began = time.perf_counter()
    pyramid = find_pyramid(open_picture(path), cache)
    assert pyramid is not None
    pyramid.read(Box(0, 0, 1600, 1000), 0)
    return time.perf_counter() - began


def first_window(path: Path, cache: Path) -> float:
    """A screenful at 100 % from the middle, of a picture whose pyramid is there."""
    from padscope.pictures.picture import open_picture
    from padscope.pictures.pyramid import find_pyramid
    from padscope.types import Box

    began = time.perf_counter()
    picture = open_picture(path)
    pyramid = find_pyramid(picture, cache)
    assert pyramid is not None
    x, y = picture.width // 2, picture.height // 2
    pyramid.read(Box(x, y, x + SCREEN[0], y + SCREEN[1]), 0)
    return time.perf_counter() - began


def viewing(path: Path, cache: Path) -> float:
    """Seconds per screenful, over 300 of them anywhere, at every level; what matters is the memory it takes."""
    from padscope.pictures.picture import open_picture
    from padscope.pictures.pyramid import find_pyramid
    from padscope.types import Box

    pyramid = find_pyramid(open_picture(path), cache)
    assert pyramid is not None
    rng = np.random.default_rng(0)
    began = time.perf_counter()
    for k in range(300):
        level = k % pyramid.levels
        height, width = pyramid.level_shape(level)
        w, h = min(SCREEN[0], width), min(SCREEN[1], height)
        x, y = int(rng.integers(0, width - w + 1)), int(rng.integers(0, height - h + 1))
        pyramid.read(Box(x, y, x + w, y + h), level)
    return (time.perf_counter() - began) / 300


MEASURES: dict[str, Callable[[Path, Path], float]] = {
    f.__name__: f
    for f in (
        decode_whole,
        decode_scaled,
        decode_tiff,
        open_and_read,
        first_look,
        everything,
        reopen,
        first_window,
        viewing,
    )
}


def measured(name: str, path: Path, cache: Path) -> tuple[float, float, float]:
    """(seconds, seconds of processor, peak memory in MB) of one run in a process of its own; libraries are loaded before."""
    told = subprocess.run(
        [sys.executable, __file__, "--one", name, str(path), str(cache)], capture_output=True, text=True, check=True
    ).stdout
    seconds, busy, megabytes = json.loads(told.splitlines()[-1])
    return seconds, busy, megabytes


def one(name: str, path: Path, cache: Path) -> None:
    import imagecodecs  # noqa: F401
    import tifffile  # noqa: F401
    from PIL import Image  # noqa: F401

    import padscope.pictures.pyramid  # noqa: F401

    began = time.process_time()
    seconds = MEASURES[name](path, cache)
    busy = time.process_time() - began
    print(json.dumps((seconds, busy, peak_megabytes())))


def peak_megabytes() -> float:
    """Of this process. Pages of mapped files are not counted: the system takes them back when it needs the room."""
    kilobytes = {
        line.split(":")[0]: int(line.split()[1])
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith(("VmHWM", "RssFile"))
    }
    return (kilobytes["VmHWM"] - kilobytes["RssFile"]) / 1e3


def compare(title: str, name: str, against: str | None, path: Path, cache: Path, runs: int) -> None:
    ours, theirs = [], []
    for _ in range(runs):
        if against:
            theirs.append(measured(against, path, cache))
        ours.append(measured(name, path, cache))
    seconds = [s for s, _, _ in ours]
    line = f"{title:42} {statistics.median(seconds):6.3f} s ({min(seconds):.3f} to {max(seconds):.3f}), "
    line += f"peak {max(megabytes for *_, megabytes in ours):4.0f} MB, {runs} runs"
    if against:
        ratios = [a[0] / b[0] for a, b in zip(ours, theirs, strict=True)]
        busy = [a[1] / b[1] for a, b in zip(ours, theirs, strict=True)]
        best = min(seconds) / min(s for s, _, _ in theirs)
        line += f"\n{'':10} x {against}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), "
        line += f"best against best {best:.2f}, processor time {statistics.median(busy):.2f}"
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", type=int, nargs="?", default=7)
    parser.add_argument("--giant", action="store_true")
    parser.add_argument("--one", nargs=3)
    given = parser.parse_args()
    if given.one:
        one(given.one[0], Path(given.one[1]), Path(given.one[2]))
        return
    with tempfile.TemporaryDirectory(prefix="padscope-bench-") as temporary:
        folder, cache = Path(temporary), Path(temporary) / "cache"
        files = write_pictures(folder, given.giant)
        for name, path in files.items():
            print(f"{name}: {path.stat().st_size / 1e6:.1f} MB")
        compare(
            "board, 40 MP JPEG: open and read all", "open_and_read", "decode_whole", files["board"], cache, given.runs
        )
        compare("VHX, 101 MP JPEG: open and read all", "open_and_read", "decode_whole", files["vhx"], cache, given.runs)
        compare("VHX: open until a first look is there", "first_look", "decode_scaled", files["vhx"], cache, given.runs)
        compare("VHX: open until every level is there", "everything", "decode_whole", files["vhx"], cache, given.runs)
        compare("VHX: open again and read a screenful", "reopen", None, files["vhx"], cache, given.runs)
        for name in ("giant", "giant-tiles", "giant-lzw") if given.giant else ():
            compare(f"{name}: open until every level is there", "everything", "decode_tiff", files[name], cache, 2)
            compare(f"{name}: a screenful at 100 %", "first_window", None, files[name], cache, given.runs)
            compare(f"{name}: 300 screenfuls, each", "viewing", None, files[name], cache, 2)
            shutil.rmtree(cache, ignore_errors=True)
            files[name].unlink()


if __name__ == "__main__":
    main()
