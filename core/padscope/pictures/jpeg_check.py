"""Is every pixel of a JPEG really in the file? Decoders fill what is missing with flat grey and say nothing.

The end-of-image mark proves little: a broken copy may have one. So the coded data are tried against themselves, by scaled decodes
that cost a fraction of a full one: bytes put behind a complete picture change nothing, and bytes changed at its end change its last
blocks. Only ordinary JPEGs (one sequential scan) can be tried like this; of progressive ones a cut scan cannot be told.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import JpegImagePlugin

from padscope.errors import PictureError
from padscope.pictures.files import damaged
from padscope.pictures.jpeg_frame import END_MARK, Frame
from padscope.pictures.reduce import reduce_by
from padscope.pictures.source import Pixels

TAIL, LEAST_TAIL = (
    4096,
    1024,
)  # bytes changed at the end; fewer could be the colours of one block, which luminance does not show
NOISE = np.random.default_rng(0).integers(0, 255, 2 * TAIL, dtype=np.uint8).tobytes()  # holds no 0xFF, hence no marker
LUMINANCE = np.array([0.299, 0.587, 0.114])
LAST_BLOCKS = 16
ALIKE = 4.0
"""Grey levels by which a scaled decode and the mean of a full one may differ."""


def coarse(stream: bytes, frame: Frame, scale: int, mode: str = "L") -> Pixels:
    """Scaled decode, (ceil(H / scale), ceil(W / scale)[, 3]) uint8, scale 1, 2, 4 or 8; `mode` "L" (luminance only) or "RGB"."""
    picture = JpegImagePlugin.JpegImageFile(io.BytesIO(stream))  # not Image.open: its limit on the size is not ours
    if scale > 1:
        picture.draft(mode, (max(frame.width // scale, 1), max(frame.height // scale, 1)))
    return np.asarray(picture.convert(mode))


def check_marks(stream: bytes, frame: Frame, name: str) -> None:
    """PictureError if there are fewer coded bits than units, or restart marks are missing or out of order."""
    units = -(-frame.width // frame.mcu[0]) * -(-frame.height // frame.mcu[1])
    coded = sum(stop - start for start, stop in frame.scans)
    if coded * 8 < units:
        raise _unfilled(name)
    if frame.restart and _one_scan(frame):
        codes = np.frombuffer(stream, np.uint8, coded, len(stream) - len(END_MARK) - coded)
        marks = np.flatnonzero((codes[:-1] == 0xFF) & ((codes[1:] & 0xF8) == 0xD0))
        expected = -(-units // frame.restart) - 1
        if len(marks) != expected or np.any((codes[marks + 1] & 7) != np.arange(expected) % 8):
            raise _unfilled(name)


def check_coarse(stream: bytes, frame: Frame, name: str, seen: Pixels, scale: int, mode: str) -> None:
    """PictureError if the coded data stop before the last block; `seen` is their scaled decode. A last block that is not flat was
    not filled in, and needs no trial."""
    flat = seen.shape[1] < 2 or bool(np.all(seen[-1, -1] == seen[-1, -2]))
    if flat and _one_scan(frame):
        longer = stream[: -len(END_MARK)] + NOISE + END_MARK
        if not np.array_equal(seen, coarse(longer, frame, scale, mode)):
            raise _unfilled(name)


def trial_scale(frame: Frame) -> int:
    return 8 if min(frame.width, frame.height) >= 64 else 1


def with_other_tails(stream: bytes, frame: Frame) -> tuple[bytes, ...]:
    """Two copies of the stream whose last coded bytes are noise; none if the data are too short for this trial."""
    size = frame.scans[-1][1] - frame.scans[-1][0]
    tail = min(TAIL, size // 2)
    if not _one_scan(frame) or tail < LEAST_TAIL:
        return ()
    cut = len(stream) - len(END_MARK) - tail
    cut -= stream[cut - 1] == 0xFF
    return tuple(stream[:cut] + noise + END_MARK for noise in (NOISE[:tail], NOISE[-tail:]))


def check_decoded(stream: bytes, frame: Frame, name: str, pixels: Pixels, changed: Pixels | None) -> None:
    """The same for a full decode, (H, W, channels), and PictureError if the coded data go on long after the last block, because a
    piece before is missing. `changed` is the scaled decode of the first of `with_other_tails`: normally it ends differently."""
    scale = trial_scale(frame)
    rows, cols = (
        min((n - 1) % 8 + 1, 4) for n in pixels.shape[:2]
    )  # of the last block, away from its neighbours' colours
    flat = np.ptp(pixels[-rows:, -cols:], axis=(0, 1)).max() <= 2
    alike = changed is not None and _ends_alike(pixels, changed, scale)
    if not (flat or alike):
        return
    seen = coarse(stream, frame, scale)
    if flat:
        check_coarse(stream, frame, name, seen, scale, "L")
    if alike and all(np.array_equal(seen, coarse(other, frame, scale)) for other in with_other_tails(stream, frame)):
        raise _unfilled(name)


def _ends_alike(pixels: Pixels, changed: Pixels, scale: int) -> bool:
    """Whether the last blocks of the full decode look like those of the changed one."""
    start = (changed.shape[0] - 1) * scale
    last = reduce_by(pixels[start:, -LAST_BLOCKS * scale - pixels.shape[1] % scale :], scale)[0, -LAST_BLOCKS:]
    grey = last[:, 0] if last.shape[1] == 1 else last @ LUMINANCE
    return bool(np.median(np.abs(grey - changed[-1, -len(grey) :].astype(float))) <= ALIKE)


def _one_scan(frame: Frame) -> bool:
    return frame.process != "progressive" and len(frame.scans) == 1


def _unfilled(name: str) -> PictureError:
    return damaged(name, "its coded pixels do not fill the picture")
