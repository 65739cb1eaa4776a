"""What of a board a picture shows: where a stitched picture was filled up, where a scale bar lies, and which pads that hides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from padscope.boards.doubts import Doubt
from padscope.boards.hidden import hidden_pads
from padscope.boards.layout import Layout
from padscope.pictures.picture import Picture
from padscope.pictures.scale_bar import ScaleBar, find_scale_bar
from padscope.pictures.valid_area import valid_area
from padscope.types import Affine, Mask


@dataclass(frozen=True)
class Sight:
    """`shown`: (ceil(H / 8), ceil(W / 8)) where there is a picture; `bar`: burned in, and surely one (with end strokes or a label;
    without them it may be a scratch); `hidden`: why pads cannot be seen, by pad."""

    shown: Mask
    bar: ScaleBar | None
    hidden: dict[str, Doubt]

    def without_unseen(self, level: NDArray[np.float32]) -> NDArray[np.float32]:
        """The level grid with NaN where there is no picture, if that hides a pad (else cells that only look black stay)."""
        return np.where(self.shown, level, np.float32(np.nan)) if self.hidden else level


def sight_of(picture: Picture, layout: Layout, um_to_px: Affine) -> Sight:
    shown, bar = valid_area(picture), find_scale_bar(picture)
    bar = bar if bar is not None and bar.sure else None
    hidden = hidden_pads(layout, um_to_px, (picture.width, picture.height), shown, bar.covers if bar else None)
    return Sight(shown, bar, hidden)
