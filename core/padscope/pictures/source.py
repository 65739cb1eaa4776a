"""What every file format offers to a Picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from padscope.errors import TooLargeError
from padscope.pictures.files import damaged
from padscope.pictures.limits import MOST_MEGAPIXELS
from padscope.pictures.scales import ScaleFound
from padscope.types import Box

Pixels = NDArray[np.unsignedinteger[Any]]
"""(h, w, channels) uint8 or uint16."""


@dataclass(frozen=True, slots=True)
class Microscope:
    """What an instrument says about itself and the shot; '' where it says nothing."""

    model: str = ""
    lens: str = ""
    magnification: str = ""  # as written, "X1000"
    software: str = ""
    captured_at: str = ""  # ISO 8601, the instrument's own clock: its time zone is not stored
    task: str = ""  # id of the automated task that took the picture
    texts: tuple[str, ...] = ()  # typed by a person
    notes: tuple[str, ...] = ()  # what is missing or damaged
    lost: int = 0  # values that should lie behind the picture, and do not


@dataclass(frozen=True, slots=True)
class Header:
    """What a file declares before any pixel is decoded."""

    width: int
    height: int
    channels: int  # 1 or 3: what is shown, without an alpha channel
    bits: int  # 8 or 16
    format: str
    pages: int = 1
    microscope: Microscope | None = None
    orientation: int = 1  # the EXIF tag as found; it is never applied
    scales: tuple[ScaleFound, ...] = ()


def check_size(name: str, width: int, height: int, max_pixels: int) -> None:
    """PictureError for sizes no microscope makes."""
    if width < 1 or height < 1:
        raise damaged(name, f"it declares {width} x {height} px")
    if width * height > MOST_MEGAPIXELS * 1e6:
        raise damaged(name, f"it declares {width} x {height} px, more than any microscope makes")
    if width * height > max_pixels:
        megapixels = math.ceil(width * height / 1e6)
        raise TooLargeError(
            f"'{name}' declares {width} x {height} px ({megapixels} megapixels), more than the limit of "
            f"{max_pixels / 1e6:g}: if it is genuine, raise the limit (--max-megapixels {megapixels}).",
            megapixels,
        )


class Source(Protocol):
    """Pixels of one page of one file, always as stored: never turned, never stretched, 16 bit stay 16 bit."""

    header: Header

    @property
    def whole(self) -> bool:
        """Whether a window costs a decode of everything now: the format can only be decoded whole, and nothing is kept of it."""
        return False

    def window(self, box: Box) -> Pixels:
        """(h, w, channels) uint8 or uint16, the caller's own; `box` lies inside the picture. Raises PictureError."""
        ...

    def reduced(self, step: int) -> Pixels | None:
        """The whole picture, (ceil(H / step), ceil(W / step), channels), if the format can do this without a full decode."""
        return None

    def sampled(self, step: int) -> Pixels | None:
        """The same from single pixels instead of means, if that is quick."""
        return None

    def previews(self) -> dict[str, Pixels]:
        """Small pictures stored inside the file, name -> (h, w, 3) uint8."""
        return {}

    def release(self) -> None:
        """Give back the memory of decoded pixels."""
        return None
