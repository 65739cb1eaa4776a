"""Damaged files of every kind: pixels or one sentence, never anything else.

A short run by default; `PADSCOPE_HYPOTHESIS=thorough` tries thousands per kind.
"""

from __future__ import annotations

import resource
import struct
import tempfile
import zlib
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


def wounded(kind: str, seed: int) -> bytes:
    """Every other time wounds that keep a file's checksums and structure right, so that they reach the readers behind them."""
    heal = CAREFUL.get(kind.split("-")[0])
    return (
        damaged(ORIGINALS[kind], seed)
        if heal is None or seed % 2
        else heal(ORIGINALS[kind], np.random.default_rng(seed))
    )


def png_with_other_values(data: bytes, rng: np.random.Generator) -> bytes:
    """One or two chunks changed, their CRC-32 made right again."""
    chunks, at = [], 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunks.append([data[at + 4 : at + 8], data[at + 8 : at + 8 + length]])
        at += 12 + length
    for _ in range(rng.integers(1, 3)):
        chunk = chunks[rng.integers(len(chunks))]
        chunk[int(rng.random() < 0.9)] = damaged(bytes(chunk[1]), int(rng.integers(2**31)))[:4096]
    coded = [struct.pack(">I", len(c[1])) + c[0][:4].ljust(4, b"x") + c[1] for c in chunks]
    return data[:8] + b"".join(c + struct.pack(">I", zlib.crc32(c[4:])) for c in coded)


def tiff_with_other_tags(data: bytes, rng: np.random.Generator) -> bytes:
    """One to three fields of the directory replaced: tag, type, count or value, or where the next directory lies."""
    order, big = ("<" if data[:2] == b"II" else ">"), data[2:4] in (b"+\0", b"\0+")
    head, entry, wide = ("Q", 20, "Q") if big else ("H", 12, "I")
    (first,) = struct.unpack_from(order + wide, data, 8 if big else 4)
    (count,) = struct.unpack_from(order + head, data, first)
    start, out = first + struct.calcsize(head), bytearray(data)
    places = [
        (start + i * entry + at, code)
        for i in range(count)
        for at, code in ((0, "H"), (2, "H"), (4, wide), (entry // 2 + 2, wide))
    ]
    places.append((start + count * entry, wide))
    for _ in range(rng.integers(1, 4)):
        at, code = places[rng.integers(len(places))]
        value = int(rng.choice(TELLING)) if rng.random() < 0.7 else int(rng.integers(2**31))
        if at + struct.calcsize(code) <= len(out):
            struct.pack_into(order + code, out, at, value % 2 ** (8 * struct.calcsize(code)))
    return bytes(out)


def vhx_with_other_values(data: bytes, rng: np.random.Generator) -> bytes:
    """Values of the maker note changed before their CRC-32 is made."""
    tags = (0x0002, 0x0010, 0x0011, 0x0048, 0x0144, 0x01D9, 0x0141)
    body = struct.pack("<H", int(rng.choice([2, 5, 7, 8, 11, 13]))) + rng.bytes(int(rng.integers(300)))
    value = struct.pack("<I", zlib.crc32(body)) + body
    return Vhx(tags={int(rng.choice(tags)): value}, shift=int(rng.choice([0, 0, 0, 1, 10**6]))).bytes(drawn(40, 56))


def vk6_with_other_content(data: bytes, rng: np.random.Generator) -> bytes:
    """The VK4 file inside the ZIP wounded before it is packed."""
    return vk6_bytes(damaged(ORIGINALS["vk4"], int(rng.integers(2**31))))


TELLING = (
    *(
        0,
        1,
        2,
        3,
        4,
        5,
        7,
        8,
        16,
        254,
        255,
        256,
        257,
        258,
        259,
        262,
        273,
        277,
        278,
        279,
        284,
        317,
        320,
        322,
        323,
        324,
        325,
    ),
    *(330, 338, 339, 347, 32773, 34892, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1),
)
"""Numbers that mean something in a directory, or are just beyond what may be."""
CAREFUL = {
    "png": png_with_other_values,
    "tiff": tiff_with_other_tags,
    "vhx": vhx_with_other_values,
    "vk6": vk6_with_other_content,
}


@pytest.mark.parametrize("kind", sorted(ORIGINALS))
@settings(max_examples=EXAMPLES, deadline=20_000)  # a deadline against hangs
@given(seed=st.integers(0, 2**32 - 1))
def test_a_damaged_file_gives_pixels_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, kind: str, seed: int
) -> None:
    path = tmp_path_factory.getbasetemp() / f"fuzz-{kind}"
    path.write_bytes(wounded(kind, seed))
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
