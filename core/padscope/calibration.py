"""What turns heat into level: level = heat / threshold, 1.0 decides, one scale for every picture.

The threshold comes from sound metal that no detector was trained on. Nothing here ever looks at the picture being judged: a
scale stretched to each picture would paint something red on every good board.

The score of a tile or pad is its largest heat. Split conformal prediction (Vovk, Gammerman & Shafer 2005, ch. 4; Lei et al.
2018, theorem 2.2): of n + 1 exchangeable scores the last one exceeds the k-th smallest of the others with probability
(n + 1 - k) / (n + 1), whatever the scores' distribution is. Tiles of one picture resemble each other more than tiles of two,
so the promise is for pictures like the held-out ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from padscope.errors import CalibrationError
from padscope.types import Floats

MARGIN = 1.1
"""How far above the worst sound score the threshold goes when there are too few scores for the share asked for."""
NO_MISS_MARGIN = 0.95
"""How far below the weakest labelled defect the threshold goes when no defect may be missed."""
HAIR = 1 + 2.0**-10
"""Above a sound score by this much, so that its level stays below 1 also in half precision (spacing 2⁻¹¹ just below 1)."""
NOTHING = 1e-30
"""Heat below this is none: float32 could not divide by it."""
HIGHEST = 60000.0
"""Levels end here: half precision ends at 65504."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A threshold and the evidence for it.

    threshold          heat at which level is 1, > 0
    false_alarm_share  share of sound tiles expected at or above level 1 (in the mean over held-out sets of this size)
    rule               how the threshold was found, in words for a person
    sound              held-out sound scores, ascending
    defects            scores of labelled defects, ascending; empty where there were none
    """

    threshold: float
    false_alarm_share: float
    rule: str
    sound: tuple[float, ...]
    defects: tuple[float, ...] = ()

    @property
    def held_out(self) -> int:
        """How many sound tiles the threshold rests on."""
        return len(self.sound)


def calibrated(scores: Iterable[float], share: float = 0.02) -> Calibration:
    """The threshold at which at most `share` of sound tiles is expected to be flagged: the ⌈(n + 1)(1 - share)⌉-th smallest
    of n held-out sound scores. With n < 1 / share - 1 that does not exist; then MARGIN times the largest, and the rule says so."""
    if not 0 < share < 1:
        raise CalibrationError(f"The share of false alarms must lie between 0 and 1, not be {share:g}.")
    sound = _scores(scores, "held-out sound")
    n = len(sound)
    k = math.ceil(
        (n + 1) * (1 - share) - 1e-9
    )  # - 1e-9: (n + 1)(1 - share) is often a whole number but for float noise
    if k <= n:
        return _with_threshold(_above(sound, k), f"score {k} of {n} held-out sound tiles (share {share:g})", sound)
    rule = (
        f"{MARGIN:g} × the largest of {n} held-out sound tiles: a share of {share:g} would need at least "
        f"{math.ceil(1 / share - 1 - 1e-9)} of them"
    )
    return _with_threshold(MARGIN * sound[-1], rule, sound)


def calibrated_without_misses(
    sound: Iterable[float], defects: Iterable[float], margin: float = NO_MISS_MARGIN
) -> Calibration:
    """The threshold below every labelled defect (VQGanoDIP 3.3): `margin` times the weakest one. What this costs stands in
    `false_alarm_share`."""
    if not 0 < margin <= 1:
        raise CalibrationError(
            f"The margin below the weakest defect must lie above 0 and not above 1, not be {margin:g}."
        )
    good, bad = _scores(sound, "held-out sound"), _scores(defects, "defective")
    if bad[0] < NOTHING:
        raise CalibrationError(
            "A labelled defect has heat 0, so no threshold can find it; train another detector, or check its label."
        )
    rule = f"{margin:g} × the weakest of {len(bad)} labelled defects"
    return _with_threshold(margin * float(bad[0]), rule, good, bad)


def level(heat: Floats, calibration: Calibration) -> NDArray[np.float32]:
    """Heat of any shape as level, float32, NaN stays NaN. The values are those half precision can hold, so that a stored
    grid decides exactly as the one in memory."""
    with np.errstate(over="ignore"):
        ratio = np.asarray(heat, dtype=np.float32) / np.float32(calibration.threshold)
    return np.minimum(ratio, np.float32(HIGHEST)).astype(np.float16).astype(np.float32)


def flagged(calibration: Calibration, factor: float = 1.0) -> int:
    """How many of the held-out sound tiles reach level `factor`."""
    return _reaching(np.array(calibration.sound), calibration.threshold, factor)


def expected_share(calibration: Calibration, factor: float = 1.0) -> float:
    """Share of sound tiles expected at or above level `factor`: (flagged + 1) / (n + 1), the conformal bound; never 0,
    because n sound tiles cannot show more than that."""
    return (flagged(calibration, factor) + 1) / (calibration.held_out + 1)


def share_interval(calibration: Calibration, factor: float = 1.0, confidence: float = 0.95) -> tuple[float, float]:
    """Between which bounds the true share of sound tiles at or above level `factor` lies (Clopper & Pearson 1934)."""
    return clopper_pearson(flagged(calibration, factor), calibration.held_out, confidence)


def expected_misses(calibration: Calibration, factor: float = 1.0) -> float | None:
    """Share of defects expected below level `factor`, likewise (missed + 1) / (m + 1); None where no defect was labelled."""
    m = len(calibration.defects)
    if m == 0:
        return None
    missed = m - _reaching(np.array(calibration.defects), calibration.threshold, factor)
    return (missed + 1) / (m + 1)


def clopper_pearson(count: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Bounds of a share seen `count` times among n; exact, so never too narrow."""
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else float(betaincinv(count, n - count + 1, tail))
    high = 1.0 if count == n else float(betaincinv(count + 1, n - count, 1 - tail))
    return low, high


def calibration_to_json(calibration: Calibration) -> dict[str, Any]:
    """Plain values; `calibration_from_json` gives back an equal calibration."""
    return {**asdict(calibration), "sound": list(calibration.sound), "defects": list(calibration.defects)}


def calibration_from_json(values: Mapping[str, Any]) -> Calibration:
    """KeyError, TypeError or ValueError where the values are none of ours: the reader of the file knows what to say."""
    found = Calibration(
        threshold=float(values["threshold"]),
        false_alarm_share=float(values["false_alarm_share"]),
        rule=str(values["rule"]),
        sound=tuple(float(v) for v in values["sound"]),
        defects=tuple(float(v) for v in values["defects"]),
    )
    if not (math.isfinite(found.threshold) and found.threshold >= NOTHING / 2):
        raise ValueError(f"threshold {found.threshold}")
    return found


def _with_threshold(
    threshold: float, rule: str, sound: NDArray[np.float64], defects: NDArray[np.float64] | None = None
) -> Calibration:
    share = (_reaching(sound, threshold, 1.0) + 1) / (len(sound) + 1)
    bad = () if defects is None else tuple(defects.tolist())
    return Calibration(float(threshold), share, rule, tuple(sound.tolist()), bad)


def _above(sound: NDArray[np.float64], k: int) -> float:
    """A hair above the k-th smallest score; where that is 0 (nothing seen on most tiles), the smallest that is not."""
    score = float(sound[k - 1])
    return score * HAIR if score >= NOTHING else float(sound[sound >= NOTHING][0])


def _reaching(scores: NDArray[np.float64], threshold: float, factor: float) -> int:
    probe = Calibration(threshold, 0.0, "", ())
    return int(np.count_nonzero(level(scores, probe) >= np.float32(factor)))


def _scores(values: Iterable[float], what: str) -> NDArray[np.float64]:
    """Ascending float64; CalibrationError where they cannot carry a threshold."""
    scores = np.sort(np.asarray(list(values), dtype=np.float64).ravel())
    if scores.size == 0:
        raise CalibrationError(f"There are no {what} scores to calibrate with; give at least one {what} tile.")
    if not np.isfinite(scores).all():
        raise CalibrationError(f"Some {what} scores are not finite numbers, so the detector is broken; train it again.")
    if scores[0] < 0:
        raise CalibrationError(f"Some {what} scores are below 0; heat must be 0 or more.")
    if scores[-1] < NOTHING:
        raise CalibrationError(
            f"All {what} scores are 0, so no threshold can be set; the detector sees nothing, train another."
        )
    return scores
