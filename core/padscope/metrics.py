"""How good a detector is: on whole tiles or pads, and on pixels.

All measures follow from one curve: as the threshold falls, how many defective and how many sound ones are flagged. Scores are
raw heat or level, never squeezed into [0, 1] (ties would change the curve); counts are int64 and sums float64 (a float32 sum of
ones stops at 16 777 216). Where a measure is not defined, because there is one class only, it is None and not a number.
`f1_max` and its like choose their threshold on the test set and flatter; the measures at a given threshold do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from padscope.errors import DetectorError
from padscope.types import Floats, Mask

PRO_LIMIT = 0.3
"""False positive rate up to which AUPRO integrates (Bergmann et al. 2020, MVTec AD)."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What is flagged as the threshold falls: `tp` defective and `fp` sound ones have scores ≥ `thresholds`, all shape (K,),
    thresholds descending (float64) and every distinct score once, so that ties are one step."""

    thresholds: NDArray[np.float64]
    tp: NDArray[np.int64]
    fp: NDArray[np.int64]

    @property
    def defective(self) -> int:
        return int(self.tp[-1]) if len(self.tp) else 0

    @property
    def sound(self) -> int:
        return int(self.fp[-1]) if len(self.fp) else 0


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts at one threshold, and what follows from them; None where a ratio has no denominator."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def f1(self) -> float | None:
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def precision(self) -> float | None:
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def false_alarm_rate(self) -> float | None:
        return _ratio(self.fp, self.fp + self.tn)


def curve(scores: ArrayLike, defective: ArrayLike) -> Curve:
    """The exact curve of scores, any shape, against truth of the same shape; DetectorError where a score is not finite."""
    s, d = np.asarray(scores).ravel(), np.asarray(defective, dtype=bool).ravel()
    if s.shape != d.shape:
        raise ValueError(f"{s.size} scores against {d.size} truths")
    if not np.isfinite(s).all():
        raise DetectorError("Some scores are not finite numbers, so nothing can be measured; train the detector again.")
    order = np.argsort(s, kind="stable")[::-1]
    s, d = s[order], d[order]
    last = np.flatnonzero(np.append(s[1:] != s[:-1], True)) if s.size else np.zeros(0, np.int64)
    tp = np.cumsum(d, dtype=np.int64)[last]
    return Curve(s[last].astype(np.float64), tp, last + 1 - tp)


def auroc(scores: ArrayLike, defective: ArrayLike) -> float | None:
    """P(defective scores above sound) + ½ P(tie)."""
    return auroc_of(curve(scores, defective))


def auroc_of(c: Curve) -> float | None:
    if not c.defective or not c.sound:
        return None
    return _area(c.fp / c.sound, c.tp / c.defective)


def auroc_interval(scores: ArrayLike, defective: ArrayLike, confidence: float = 0.95) -> tuple[float, float] | None:
    """Between which bounds the AUROC of more such samples lies (DeLong, DeLong & Clarke-Pearson 1988, on the logit scale). None
    with fewer than two of a class; where all pairs are in order the width is that of one pair out of order."""
    s, d = np.asarray(scores, dtype=np.float64).ravel(), np.asarray(defective, dtype=bool).ravel()
    area, bad, good = auroc(s, d), np.sort(s[d]), np.sort(s[~d])
    if area is None or len(bad) < 2 or len(good) < 2:
        return None
    above = (np.searchsorted(good, bad, "left") + np.searchsorted(good, bad, "right")) / (2 * len(good))
    below = 1 - (np.searchsorted(bad, good, "left") + np.searchsorted(bad, good, "right")) / (2 * len(bad))
    variance = above.var(ddof=1) / len(bad) + below.var(ddof=1) / len(good)
    least = 1 / (2 * len(bad) * len(good))
    area = min(max(area, least), 1 - least)
    spread = max(np.sqrt(variance), np.sqrt(area * (1 - area) / (len(bad) + len(good)))) / (area * (1 - area))
    middle, reach = np.log(area / (1 - area)), float(ndtri(0.5 + confidence / 2)) * spread
    return float(1 / (1 + np.exp(reach - middle))), float(1 / (1 + np.exp(-reach - middle)))


def per_class_auroc(scores: ArrayLike, classes: Sequence[str], sound: str = "") -> dict[str, float | None]:
    """Each defect class alone against all sound ones; classes in order of name."""
    s, names = np.asarray(scores), np.asarray(classes, dtype=object)
    good = names == sound
    return {
        name: auroc(s[good | (names == name)], names[good | (names == name)] == name)
        for name in sorted({*classes} - {sound})
    }


def f1_max(scores: ArrayLike, defective: ArrayLike) -> tuple[float, float] | None:
    """(F1, threshold) at the best of all thresholds, the highest of them where several are best."""
    return f1_max_of(curve(scores, defective))


def f1_max_of(c: Curve) -> tuple[float, float] | None:
    if not c.defective:
        return None
    f1 = 2 * c.tp / (c.tp + c.fp + c.defective)
    best = int(np.argmax(f1))
    return float(f1[best]), float(c.thresholds[best])


def confusion(scores: ArrayLike, defective: ArrayLike, threshold: float) -> Confusion:
    """Counts when scores ≥ threshold are flagged."""
    flag, d = np.asarray(scores) >= threshold, np.asarray(defective, dtype=bool)
    tp, positive, flagged = int((flag & d).sum()), int(d.sum()), int(flag.sum())
    return Confusion(tp, flagged - tp, positive - tp, d.size - positive - flagged + tp)


def zero_miss_fpr(scores: ArrayLike, defective: ArrayLike) -> float | None:
    """Share of sound ones flagged at the highest threshold that misses no defective one (VQGanoDIP 3.3)."""
    return zero_miss_fpr_of(curve(scores, defective))


def zero_miss_fpr_of(c: Curve) -> float | None:
    if not c.defective or not c.sound:
        return None
    return float(c.fp[int(np.argmax(c.tp == c.defective))] / c.sound)


def recall_at(scores: ArrayLike, defective: ArrayLike, false_alarm_share: float) -> float | None:
    """Share of defective ones found while at most this share of sound ones is flagged."""
    return recall_at_of(curve(scores, defective), false_alarm_share)


def recall_at_of(c: Curve, false_alarm_share: float) -> float | None:
    if not c.defective or not c.sound:
        return None
    allowed = c.fp <= false_alarm_share * c.sound + 1e-9
    return float(c.tp[allowed].max(initial=0) / c.defective)


def dice(flagged: Mask, defective: Mask) -> float:
    """2 |A ∩ B| / (|A| + |B|) of one picture, 1 where both are empty."""
    both, total = int((flagged & defective).sum()), int(flagged.sum()) + int(defective.sum())
    return 2 * both / total if total else 1.0


def aupro(heats: Iterable[Floats], masks: Iterable[Mask], limit: float = PRO_LIMIT) -> float | None:
    """Area under the per-region overlap curve, exact (Bergmann et al. 2021, eq. 2): mean over all 8-connected components of
    their covered share, against the false positive rate over all sound pixels of all pictures, up to `limit`, linear between
    steps, divided by `limit`. One sort of all pixels; `PixelMetrics` does the same in bounded memory."""
    scores, weights, background = [], [], []
    for heat, mask in zip(heats, masks, strict=True):
        scores.append(_finite(heat).ravel())
        weights.append(region_weights(mask).ravel())
        background.append(~np.asarray(mask, dtype=bool).ravel())
    if not scores:
        return None
    s, w, b = np.concatenate(scores), np.concatenate(weights), np.concatenate(background)
    order = np.argsort(s, kind="stable")[::-1]
    last = np.append(np.flatnonzero(np.diff(s[order])), len(s) - 1)
    return _pro_area(np.cumsum(b[order], dtype=np.int64)[last], np.cumsum(w[order], dtype=np.float64)[last], limit)


def aupimo(
    heats: Sequence[Floats], masks: Sequence[Mask], low: float = 1e-5, high: float = 1e-4
) -> tuple[float | None, ...]:
    """Per picture, the share of its defect pixels found while sound pictures raise few false alarms (Bertoldo et al. 2024, eq. 6):
    its recall against the false positive rate, averaged over sound pictures only, integrated over the rate's logarithm from
    `low` to `high`. None for sound pictures, and for all where the sound pixels are too few to see `high`."""
    sound = [np.sort(_finite(h).ravel())[::-1] for h, m in zip(heats, masks, strict=True) if not np.any(m)]
    if not sound or np.mean([1 / len(s) for s in sound]) / len(sound) > high:
        return (None,) * len(heats)
    scores = np.concatenate(sound)
    weights = np.concatenate([np.full(len(s), 1 / (len(s) * len(sound))) for s in sound])
    order = np.argsort(scores, kind="stable")[::-1]
    scores, rates = scores[order], np.cumsum(weights[order])
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    bad = [np.sort(_finite(h)[np.asarray(m, dtype=bool)]) for h, m in zip(heats, masks, strict=True)]
    return tuple(_log_recall(b, scores[last], rates[last], low, high) if len(b) else None for b in bad)


def _log_recall(bad: Floats, scores: Floats, rates: Floats, low: float, high: float) -> float:
    """Share of `bad` (ascending) above the threshold, averaged over the logarithm of the false positive rate; `scores` of sound
    pixels descending, and the rate at which each is reached. Between two rates everything above the lower score is flagged."""
    widths = np.diff(np.log(np.clip(np.concatenate([[0.0], rates]), low, high)))
    recall = 1 - np.searchsorted(bad, scores, "right") / len(bad)
    return float(np.dot(recall, widths) / np.log(high / low))


def region_weights(mask: ArrayLike) -> NDArray[np.float64]:
    """1 / size of the 8-connected component on defect pixels, 0 elsewhere, shape of the mask: they sum to the number of
    components."""
    labels = _regions(np.asarray(mask, dtype=bool))
    sizes = np.bincount(labels.ravel())
    share = np.divide(1.0, sizes, where=sizes > 0, out=np.zeros(len(sizes)))
    share[0] = 0.0
    return share[labels]


def _regions(mask: Mask) -> NDArray[np.int32]:
    """8-connected components, 0 outside."""
    return np.asarray(cv2.connectedComponents(np.ascontiguousarray(mask).view(np.uint8), connectivity=8)[1], np.int32)


KEY_BITS = 20
"""A score's bin: its float32 sign, exponent and 11 further bits, so that bins are 2⁻¹² … 2⁻¹¹ of the score wide."""


QUANTILES = 513
"""Scores that are kept of the defect pixels of each picture for AUPIMO."""


class PixelMetrics:
    """Pixel measures of any number of pictures in bounded memory (2²⁰ bins, 32 MB, however many pixels; 2 kB more for every
    picture with a defect).

    Non-negative floats sort as their bits do, so the upper bits of a score are its bin: no second pass, no range to guess.
    What happens inside a bin is unknown; `auroc_error` and `aupro_error` bound what that can change. Counts at `threshold` and
    Dice are exact.
    """

    def __init__(self, threshold: float = 1.0) -> None:
        self.threshold = threshold
        self.pictures = 0
        self.regions = 0
        self.at_threshold = Confusion(0, 0, 0, 0)
        self._defective = np.zeros(1 << KEY_BITS, np.int64)
        self._sound = np.zeros(1 << KEY_BITS, np.int64)
        self._covered = np.zeros(1 << KEY_BITS, np.float64)
        self._of_sound_pictures = np.zeros(1 << KEY_BITS, np.float64)  # every picture weighs 1
        self._sound_pictures = 0
        self._fewest_rate = 0.0  # Σ 1 / pixels over sound pictures
        self._defect_scores: list[NDArray[np.float32]] = []  # per defective picture, ascending
        self._dice_sum = 0.0

    def add(self, heat: Floats, mask: Mask | None = None, inside: Mask | None = None) -> None:
        """One picture: scores ≥ 0, shape (H, W), and its defects (None: sound). Only `inside` is looked at (None: all of it);
        a component reaching outside counts with what lies inside."""
        heat = np.asarray(heat, dtype=np.float32)
        keep = np.ones(heat.shape, bool) if inside is None else np.asarray(inside, dtype=bool)
        truth = np.zeros(heat.shape, bool) if mask is None else np.asarray(mask, dtype=bool)
        if truth.shape != heat.shape or keep.shape != heat.shape:
            raise ValueError(f"heat {heat.shape}, mask {truth.shape}, inside {keep.shape}")
        truth = truth & keep
        scores, bad = (heat.ravel(), truth.ravel()) if inside is None else (heat[keep], truth[keep])
        _finite(scores)
        if scores.size and scores.min() < 0:
            raise DetectorError("Some heat is below 0; heat must be 0 or more.")
        keys = _keys(scores)
        _count(self._sound, keys)
        if bad.any():
            hot = keys[bad]  # few: counted as sound too, and taken away again
            np.subtract.at(self._sound, hot, 1)
            np.add.at(self._defective, hot, 1)
            labels = _regions(truth)[truth]  # in the order of scores[bad], because truth lies inside
            sizes = np.bincount(labels)
            np.add.at(self._covered, hot, 1 / sizes[labels])
            self.regions += int(np.count_nonzero(sizes))
            self._defect_scores.append(_few_of(np.sort(_lower_ends(hot).astype(np.float32))))
        elif scores.size:
            _count(self._of_sound_pictures, keys, 1 / scores.size)
            self._sound_pictures += 1
            self._fewest_rate += 1 / scores.size
        now, seen = confusion(scores, bad, self.threshold), self.at_threshold
        self.at_threshold = Confusion(now.tp + seen.tp, now.fp + seen.fp, now.fn + seen.fn, now.tn + seen.tn)
        self._dice_sum += dice(scores >= self.threshold, bad)
        self.pictures += 1

    def curve(self) -> Curve:
        """Exact at its thresholds, which are the lower ends of the bins in use."""
        used = np.flatnonzero(self._defective + self._sound)[::-1]
        return Curve(_lower_ends(used), np.cumsum(self._defective[used]), np.cumsum(self._sound[used]))

    @property
    def auroc(self) -> float | None:
        return auroc_of(self.curve())

    @property
    def auroc_error(self) -> float:
        """Half the pairs that share a bin: the exact AUROC is at most this far away."""
        pairs = float(self._defective.sum()) * float(self._sound.sum())
        return float(np.dot(self._defective.astype(np.float64), self._sound)) / pairs / 2 if pairs else 0.0

    @property
    def f1_max(self) -> tuple[float, float] | None:
        """(F1, threshold) at the best bin's lower end; the best of all thresholds is never worse."""
        return f1_max_of(self.curve())

    @property
    def f1(self) -> float | None:
        """At `threshold`, all pixels pooled, exact; the same number as the pooled Dice."""
        return self.at_threshold.f1

    @property
    def dice(self) -> float | None:
        """At `threshold`, mean over pictures, exact; a sound picture with nothing flagged counts 1."""
        return self._dice_sum / self.pictures if self.pictures else None

    def aupimo(self, low: float = 1e-5, high: float = 1e-4) -> float | None:
        """Mean of `aupimo` over all pictures with a defect; None where the sound pictures are too few to see `high`."""
        n = self._sound_pictures
        if not n or not self._defect_scores or self._fewest_rate / n**2 > high:
            return None
        used = np.flatnonzero(self._of_sound_pictures)[::-1]
        scores, rates = _lower_ends(used), np.cumsum(self._of_sound_pictures[used]) / n
        return float(np.mean([_log_recall(bad, scores, rates, low, high) for bad in self._defect_scores]))

    def aupro(self, limit: float = PRO_LIMIT) -> float | None:
        used = np.flatnonzero(self._defective + self._sound)[::-1]
        return _pro_area(np.cumsum(self._sound[used]), np.cumsum(self._covered[used]), limit)

    def aupro_error(self, limit: float = PRO_LIMIT) -> float:
        """Half of the boxes between the curve's points: inside each the exact curve rises from one corner to the other."""
        used = np.flatnonzero(self._defective + self._sound)[::-1]
        sound, covered = self._sound[used].astype(np.float64), self._covered[used]
        if not sound.sum() or not covered.sum():
            return 0.0
        rates = np.cumsum(sound) / sound.sum()
        boxes = sound / sound.sum() * covered / covered.sum()
        first = int(np.searchsorted(rates, limit)) + 1
        return float(boxes[:first].sum() / 2 / limit + boxes[first - 1 : first].sum() / 2 / limit)


def _count(bins: NDArray[Any], keys: NDArray[np.int64], one: float = 1) -> None:
    """Add one to the bin of every key, whichever way is faster."""
    if len(keys) * 4 < len(bins):
        np.add.at(bins, keys, one)
    else:
        bins += np.bincount(keys, minlength=len(bins)) * one


def _few_of(ascending: NDArray[np.float32]) -> NDArray[np.float32]:
    """At most QUANTILES of the scores, evenly spread over their ranks."""
    n = len(ascending)
    return ascending if n <= QUANTILES else ascending[(2 * np.arange(QUANTILES) + 1) * n // (2 * QUANTILES)]


def _keys(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    return ((scores + np.float32(0)).view(np.uint32) >> (31 - KEY_BITS)).astype(np.int64)  # + 0: -0.0 becomes 0.0


def _lower_ends(keys: NDArray[np.int64]) -> NDArray[np.float64]:
    return (keys << (31 - KEY_BITS)).astype(np.uint32).view(np.float32).astype(np.float64)


def _pro_area(fp: NDArray[np.int64], covered: NDArray[np.float64], limit: float) -> float | None:
    """Area up to `limit` under covered / covered[-1] over fp / fp[-1], divided by `limit`."""
    if not len(fp) or fp[-1] == 0 or covered[-1] <= 0:
        return None
    x, y = np.append(0.0, fp / fp[-1]), np.append(0.0, covered / covered[-1])
    inside = x <= limit
    if inside.all():
        return _area(x, y) / limit
    # among points with the same x the highest is the curve's, and interpolation starts from it
    at_limit = float(np.interp(limit, x[[inside.sum() - 1, inside.sum()]], y[[inside.sum() - 1, inside.sum()]]))
    return _area(np.append(x[inside], limit), np.append(y[inside], at_limit)) / limit


def _area(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Trapezoids from (0, 0)."""
    return float(np.trapezoid(np.append(0.0, y), np.append(0.0, x)))


def _finite(heat: Floats) -> Floats:
    heat = np.asarray(heat)
    if not np.isfinite(heat).all():
        raise DetectorError("Some heat is not a finite number, so nothing can be measured; train the detector again.")
    return heat


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
