"""More sound tiles from few: the augmentations of the ITk slides, each a pure function of a tile and a seed, so that what a preview
shows is what the set gets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.datasets.tile_plan import AUGMENTATION_WORDS
from padscope.errors import UsageError
from padscope.pictures.enhance import denoise, equalise, haar_join, haar_split
from padscope.types import Mask

Rgb = NDArray[np.uint8]
CROP_SIDES = (0.70, 0.95)
"""Side of a crop as a share of the tile's."""
CONTRAST_CLIPS = (1.5, 3.0)
DENOISE_STRENGTHS = (0.7, 1.3)
WAVELET_LEVELS = 4
SOLDER_MASK = ((20, 40), (60, 150), (30, 90))
"""Ranges of red, green and blue of a random background: about the colours solder mask has."""


@dataclass(frozen=True, eq=False)
class Augmentation:
    """What it is called, what it does, and the function: pixels (s, s, 3) uint8, inside (s, s) bool, generator → the first two."""

    label: str
    help: str
    apply: Callable[[Rgb, Mask, np.random.Generator], tuple[Rgb, Mask]]


def augmented(name: str, pixels: Rgb, inside: Mask, seed: int, *, removed: bool = True) -> tuple[Rgb, Mask]:
    """One augmented copy of a square tile; the same seed gives the same pixels. Where the background was `removed`, it stays black
    unless the augmentation is about it. UsageError for a name that is not in AUGMENTATIONS."""
    entry = AUGMENTATIONS.get(name)
    if entry is None:
        raise UsageError(f"There is no augmentation “{name}”; there are {', '.join(AUGMENTATIONS)}.")
    new, new_inside = entry.apply(pixels, inside, np.random.default_rng(seed))
    if removed and name != "background":
        new = np.where(new_inside[..., None], new, np.uint8(0))
    return np.ascontiguousarray(new, dtype=np.uint8), new_inside


def seed_of(*parts: object) -> int:
    """A seed from words and numbers, the same on every computer."""
    return int.from_bytes(hashlib.sha256("\0".join(map(str, parts)).encode()).digest()[:8], "big")


def _crop(pixels: Rgb, inside: Mask, rng: np.random.Generator) -> tuple[Rgb, Mask]:
    size = len(pixels)
    side = max(round(size * rng.uniform(*CROP_SIDES)), 1)
    y, x = (int(rng.integers(0, size - side + 1)) for _ in range(2))
    part, part_inside = pixels[y : y + side, x : x + side], inside[y : y + side, x : x + side]
    grown = cv2.resize(part, (size, size), interpolation=cv2.INTER_LINEAR)
    where = cv2.resize(part_inside.astype(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST)
    return np.asarray(grown, np.uint8), where > 0


def _flip(pixels: Rgb, inside: Mask, rng: np.random.Generator) -> tuple[Rgb, Mask]:
    axes = ((0,), (1,), (0, 1))[int(rng.integers(0, 3))]
    return np.flip(pixels, axes), np.flip(inside, axes)


def _contrast(pixels: Rgb, inside: Mask, rng: np.random.Generator) -> tuple[Rgb, Mask]:
    new = equalise(pixels, clip=float(rng.uniform(*CONTRAST_CLIPS)), tiles=max(min(8, len(pixels) // 32), 1))
    return np.asarray(new, np.uint8), inside


def _background(pixels: Rgb, inside: Mask, rng: np.random.Generator) -> tuple[Rgb, Mask]:
    colour = np.array([rng.uniform(*span) for span in SOLDER_MASK], np.float32)
    coarse = rng.normal(0, 12, (max(len(pixels) // 16, 1),) * 2).astype(np.float32)
    cloud = cv2.resize(coarse, inside.shape[::-1], interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 4, pixels.shape).astype(np.float32)
    ground = np.clip(np.rint(colour + cloud[..., None] + grain), 0, 255).astype(np.uint8)
    return np.where(inside[..., None], pixels, ground), inside


def _denoise(pixels: Rgb, inside: Mask, rng: np.random.Generator) -> tuple[Rgb, Mask]:
    return np.asarray(denoise(pixels, float(rng.uniform(*DENOISE_STRENGTHS))), np.uint8), inside


def _texture(pixels: Rgb, inside: Mask, rng: np.random.Generator) -> tuple[Rgb, Mask]:
    """The tile's coarse look with new details: noise whose wavelet bands are as strong as the tile's own on its pads. Structure
    across bands (scratches, grains of one direction) is lost, as the slides say."""
    if not inside.any():
        return pixels, inside
    kept = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    kept = kept if kept.any() else inside
    shared = rng.normal(0, 1, inside.shape).astype(
        np.float32
    )  # metal is grey: its grain is nearly the same in all channels
    planes = []
    for channel in range(3):
        plane = _filled(pixels[..., channel].astype(np.float32), inside)
        noise = 0.99 * shared + 0.14 * rng.normal(0, 1, inside.shape).astype(np.float32)
        details = []
        for level in range(WAVELET_LEVELS):
            plane, bands = haar_split(plane, 2**level)
            noise, grains = haar_split(noise, 2**level)
            details.append(tuple(_as_strong(g, b, kept) for g, b in zip(grains, bands, strict=True)))
        for level in reversed(range(WAVELET_LEVELS)):
            plane = haar_join(plane, details[level], 2**level)  # type: ignore[arg-type]
        planes.append(plane)
    new = np.rint(np.clip(np.stack(planes, axis=-1), 0, 255)).astype(np.uint8)
    return np.where(inside[..., None], new, pixels), inside


def _as_strong(grain: NDArray[np.float32], band: NDArray[np.float32], where: Mask) -> NDArray[np.float32]:
    spread = float(grain[where].std())
    return grain * np.float32(float(band[where].std()) / spread if spread > 0 else 0.0)


def _filled(plane: NDArray[np.float32], inside: Mask) -> NDArray[np.float32]:
    """The plane with its pads' mean beyond them, so that their edges are no detail."""
    return np.where(inside, plane, np.float32(plane[inside].mean()))


_WAYS: dict[str, Callable[[Rgb, Mask, np.random.Generator], tuple[Rgb, Mask]]] = {
    "crop": _crop,
    "flip": _flip,
    "contrast": _contrast,
    "background": _background,
    "denoise": _denoise,
    "texture": _texture,
}
AUGMENTATIONS: dict[str, Augmentation] = {
    name: Augmentation(label, help, _WAYS[name]) for name, (label, help) in AUGMENTATION_WORDS.items()
}
