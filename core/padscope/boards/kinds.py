"""Kinds of pads, for thresholds of their own (thesis ch. 10): metal of another size or place may look another way."""

from __future__ import annotations

import re
from collections.abc import Callable

from padscope.boards.layout import Pad


def of_size(pad: Pad) -> str:
    """ "200 × 100 µm", the longer side first."""
    long, short = sorted((pad.w_um, pad.h_um), reverse=True)
    return f"{long:.0f} × {short:.0f} µm"


def of_row(pad: Pad) -> str:
    """What stands before the number in its name: "L" of L017."""
    return re.sub(r"\d+\D*$", "", pad.id)


KINDS: dict[str, Callable[[Pad], str]] = {"all": lambda pad: "", "size": of_size, "row": of_row}
"""By which property pads may share a threshold; `all` share one."""
