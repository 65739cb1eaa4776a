"""Damaged files of every kind: pixels or one sentence, never anything else.

A short run by default; `PADSCOPE_HYPOTHESIS=thorough` tries thousands per kind.
"""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyence_files import Vhx, vk4_bytes, vk6_bytes
from padscope.errors import PictureError
from padscope.pictures.facts import picture_facts
from padscope.pictures.picture import open_picture
from picture_files import TIFF_VARIANTS, drawn, jpeg_bytes, write_file

LIMIT_PX = 4_000_000
MEMORY_KB = 400_000  # more than LIMIT_PX in 16-bit RGB, its replica, and what the decoders need
EXAMPLES = {"quick": 40, "thorough": 3000}["thorough" if settings().max_examples > 1000 else "quick"]


def originals() -> dict[str, bytes]:
    folder = Path(tempfile.mkdtemp(prefix="padscope-fuzz-"))
    pixels = drawn(40, 56)
    files = {"vhx": Vhx().bytes(pixels), "progressive": jpeg_bytes(pixels, progressive=True)}
    files["restarts"] = jpeg_bytes(pixels, restart_marker_blocks=2)
    for kind in ("jpeg", "png", "bmp", *TIFF_VARIANTS):
        files[kind] = write_file(folder / kind, kind, pixels).read_bytes()
        (folder / kind).unlink()
    files["vk4"] = vk4_bytes(pixels, drawn(40, 56, channels=1, bits=16))
    files["vk6"] = vk6_bytes(files["vk4"])
    files["png-16"] = write_file(folder / "p", "png", drawn(40, 56, bits=16)).read_bytes()
    (folder / "p").unlink()
    folder.rmdir()
    return files


ORIGINALS = originals()


def damaged(data: bytes, seed: int) -> bytes:
    """A few random wounds: bytes changed, cut off, cut out, repeated, zeroed; most in the first kilobyte, where they hurt."""
    rng = np.random.default_rng(seed)
    out = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        reach = len(out) if rng.random() < 0.4 else min(len(out), 1024)
        at = int(rng.integers(reach)) if reach else 0
        length = int(rng.choice([1, 2, 4, 8, 64, 512]))
        match rng.integers(7):
            case 0:
                out[at : at + 1] = bytes([rng.integers(256)])
            case 1:
                out[at : at + length] = rng.bytes(len(out[at : at + length]))
            case 2:
                del out[int(rng.integers(len(out) + 1)) :]
            case 3:
                del out[at : at + length]
            case 4:
                out[at:at] = out[at : at + length]
            case 5:
                out[at : at + length] = bytes(len(out[at : at + length]))
            case _:
                out[at : at + 4] = rng.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFF, 65537]).astype("<u4").tobytes()
    return bytes(out)


@pytest.mark.parametrize("kind", sorted(ORIGINALS))
@settings(max_examples=EXAMPLES, deadline=20_000)  # a deadline against hangs
@given(seed=st.integers(0, 2**32 - 1))
def test_a_damaged_file_gives_pixels_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, kind: str, seed: int
) -> None:
    path = tmp_path_factory.getbasetemp() / f"fuzz-{kind}"
    path.write_bytes(damaged(ORIGINALS[kind], seed))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sentence = look_at(path)
    assert "\n" not in sentence
    assert len(sentence) < 400
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY_KB


def look_at(path: Path) -> str:
    """The sentence with which a file is refused, '' if it is read."""
    try:
        with open_picture(path, max_pixels=LIMIT_PX) as picture:
            picture_facts(picture)
            picture.previews()
            small = picture.read(picture.box, 8)
            pixels = picture.read(picture.box)
    except PictureError as error:
        return str(error)
    assert pixels.shape == (picture.height, picture.width, 3)
    assert small.shape == (-(-picture.height // 8), -(-picture.width // 8), 3)
    assert picture.width * picture.height <= LIMIT_PX
    return ""
