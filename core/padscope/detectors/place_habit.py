"""What distances are usual where: the rim of a pad, or the border of a part, varies more than its middle.

A cell is measured by what sound metal of other tiles shows at the same place, so that the places that always vary do not drown
a defect where nothing ever does. Only sound metal is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from padscope.detectors.cells import place_bins
from padscope.types import Floats

ALONG, ACROSS = 32, 16
"""Places told apart on a pad, or in a picture brought to one size."""
SIGMAS = 2.0
"""What is usual: the mean of the distance's logarithm plus this many standard deviations."""
SMOOTHING = 1.0
"""Bins; the sigma of a Gaussian over neighbouring places."""
DOUBT = 30.0
"""So many cells of all places are added to every place, which so falls back to what is usual everywhere if it was seen rarely."""
LEAST = 1e-2
"""Distances below are taken for this one: their logarithm says nothing."""


@dataclass(frozen=True, eq=False)
class PlaceHabit:
    """`usual` (ALONG · ACROSS,) float32: the logarithm of the distance that is usual at each place."""

    usual: NDArray[np.float32]

    @property
    def typical(self) -> float:
        """The usual distance of the mean place."""
        return float(np.exp(self.usual.mean()))

    def factor(self, places: Floats) -> NDArray[np.float32]:
        """By what a distance at these places (M, 2) is multiplied to be one of the mean place, (M,)."""
        return np.exp(self.usual.mean() - self.usual[place_bins(places, ALONG, ACROSS)]).astype(np.float32)


class Gathered:
    """Count, sum and sum of squares of the distance's logarithm at every place."""

    def __init__(self) -> None:
        self._moments = np.zeros((3, ALONG * ACROSS))

    def add(self, places: Floats, distances: Floats) -> None:
        """Places (M, 2) and the distances (M,) of sound metal there from the memory of other tiles."""
        bins = place_bins(places, ALONG, ACROSS)
        logarithms = np.log(np.maximum(distances, LEAST)).astype(np.float64)
        for moment, weights in zip(self._moments, (None, logarithms, logarithms**2), strict=True):
            moment += np.bincount(bins, weights, minlength=len(moment))

    def habit(self) -> PlaceHabit:
        count, total, squares = self._moments
        everywhere = _usual(count.sum(), total.sum(), squares.sum())
        here = np.where(count > 1, _usual(count, total, squares), everywhere)
        grid = (ALONG, ACROSS)
        weight = gaussian_filter(count.reshape(grid), SMOOTHING, mode="nearest")
        smooth = gaussian_filter((count * here).reshape(grid), SMOOTHING, mode="nearest")
        return PlaceHabit(((smooth + DOUBT * everywhere) / (weight + DOUBT)).ravel().astype(np.float32))


def _usual(count: Floats, total: Floats, squares: Floats) -> Floats:
    mean = total / np.maximum(count, 1)
    variance = np.maximum(squares / np.maximum(count, 1) - mean**2, 0)
    return np.asarray(mean + SIGMAS * np.sqrt(variance))
