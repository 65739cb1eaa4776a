"""Small pictures drawn for the tests, and files of every kind written from them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from PIL import Image


def drawn(height: int = 90, width: int = 130, channels: int = 3, bits: int = 8, seed: int = 0) -> np.ndarray:
    """Smooth slopes with some noise, (h, w[, 3]) uint8 or uint16: no two rows or columns are alike."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    planes = [
        60 + 100 * x / width + 50 * y / height + 20 * k + rng.normal(0, 4, (height, width)) for k in range(channels)
    ]
    picture = np.clip(np.stack(planes, -1), 0, 255)
    picture = np.rint(picture * 257).astype(np.uint16) if bits == 16 else np.rint(picture).astype(np.uint8)
    return picture[..., 0] if channels == 1 else picture


def jpeg_bytes(pixels: np.ndarray, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", **{"quality": 90, **options})
    return out.getvalue()


def write_file(path: Path, kind: str, pixels: np.ndarray) -> Path:
    """`kind`: jpeg, png, bmp, tiff or a tiff variant of TIFF_VARIANTS."""
    match kind:
        case "jpeg":
            path.write_bytes(jpeg_bytes(pixels))
        case "png":
            path.write_bytes(imagecodecs.png_encode(pixels))
        case "bmp":
            Image.fromarray(pixels).save(path, "BMP")
        case _:
            options = TIFF_VARIANTS[kind]
            colour = "rgb" if pixels.ndim == 3 else "minisblack"
            stored = np.moveaxis(pixels, -1, 0) if options.get("planarconfig") == "separate" else pixels
            tifffile.imwrite(path, stored, photometric=options.get("photometric", colour), metadata=None, **{
                k: v for k, v in options.items() if k != "photometric"
            })  # fmt: skip
    return path


TIFF_VARIANTS: dict[str, dict[str, Any]] = {
    "tiff": {},
    "tiff-strips": {"rowsperstrip": 7},
    "tiff-big": {"bigtiff": True, "rowsperstrip": 16},
    "tiff-big-endian": {"byteorder": ">"},
    "tiff-tiles": {"tile": (32, 48)},
    "tiff-lzw": {"compression": "lzw", "rowsperstrip": 16},
    "tiff-lzw-predictor": {"compression": "lzw", "predictor": True, "tile": (32, 32)},
    "tiff-deflate": {"compression": "zlib", "rowsperstrip": 16},
    "tiff-planar": {"planarconfig": "separate", "rowsperstrip": 16},
    "tiff-planar-tiles": {"planarconfig": "separate", "tile": (32, 32), "compression": "lzw"},
}
