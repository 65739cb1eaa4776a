"""How large a picture may be, and how a person raises that."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager

from padscope.errors import UsageError

MAX_PIXELS = 500_000_000
"""A picture that declares more is refused before anything is decoded: 20 000 x 20 000 px fit, a decompression bomb does not."""
MOST_MEGAPIXELS = 100_000
"""What a person may raise the limit to; a file that declares more than that is damaged."""
LIMIT_VARIABLE = "PADSCOPE_MAX_MEGAPIXELS"
"""Of the environment: another limit, for this process and those it starts."""


def most_pixels() -> int:
    """MAX_PIXELS, or what a person has allowed."""
    told = os.environ.get(LIMIT_VARIABLE, "")
    if not told:
        return MAX_PIXELS
    try:
        megapixels = float(told)
    except ValueError:
        megapixels = math.nan
    if not 0 < megapixels <= MOST_MEGAPIXELS:
        raise UsageError(
            f"{LIMIT_VARIABLE} is {told}: it is a number of megapixels up to {MOST_MEGAPIXELS}, such as 900."
        )
    return int(megapixels * 1e6)


def allow_megapixels(megapixels: float) -> None:
    """From now on, in this process and those it starts."""
    os.environ[LIMIT_VARIABLE] = f"{megapixels:g}"


@contextmanager
def allowing(megapixels: float | None) -> Iterator[None]:
    """For the length of the block; None changes nothing."""
    before = os.environ.get(LIMIT_VARIABLE)
    if megapixels is not None:
        allow_megapixels(megapixels)
    try:
        yield
    finally:
        if megapixels is not None:
            os.environ.pop(LIMIT_VARIABLE)
            if before is not None:
                os.environ[LIMIT_VARIABLE] = before
