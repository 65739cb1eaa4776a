"""What turns heat into level: level = heat / threshold, 1.0 decides, one scale for every picture.

The threshold comes from sound metal that no detector was trained on. Nothing here ever looks at the picture being judged: a
scale stretched to each picture would paint something red on every good board.

The score of a tile or pad is its largest heat. Split conformal prediction (Vovk, Gammerman & Shafer 2005, ch. 4; Lei et al.
2018, theorem 2.2): of n + 1 exchangeable scores the last one exceeds the k-th smallest of the others with probability
(n + 1 - k) / (n + 1), whatever the scores' distribution is. Tiles of one picture resemble each other more than tiles of two,
so the promise is for pictures like the held-out ones. That promise is for the mean over held-out sets; with a `confidence`
the k-th smallest is chosen so high that also this one set keeps it with that probability (Wilks 1941: the share of sound tiles
above the k-th of n follows Beta(n + 1 - k, k)).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv

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
DRIFT_SIGMAS = 4.0
DRIFT_SHARE = 0.15
"""P(today above then) must be off ½ by this much: with equal spreads a shift of 0.54 standard deviations."""
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
    groups             thresholds of their own for kinds of pads or regions (`for_group`); empty where all share this one
    """

    threshold: float
    false_alarm_share: float
    rule: str
    sound: tuple[float, ...]
    defects: tuple[float, ...] = ()
    groups: tuple[tuple[str, Calibration], ...] = ()

    @property
    def held_out(self) -> int:
        """How many sound tiles the threshold rests on."""
        return len(self.sound)


def calibrated(scores: Iterable[float], share: float = 0.02, confidence: float | None = None) -> Calibration:
    """The threshold at which at most `share` of sound tiles is expected to be flagged: the ⌈(n + 1)(1 - share)⌉-th smallest
    of n held-out sound scores; with a `confidence` the smallest one above which, with that probability, no more than `share`
    of all sound tiles lies. Where n is too small for that, MARGIN times the largest, and the rule says so."""
    if not 0 < share < 1:
        raise CalibrationError(f"The share of false alarms must lie between 0 and 1, not be {share:g}.")
    if confidence is not None and not 0 < confidence < 1:
        raise CalibrationError(f"The confidence must lie between 0 and 1, not be {confidence:g}.")
    sound = _scores(scores, "held-out sound")
    n, k = len(sound), order_statistic(len(sound), share, confidence)
    wanted = f"share {share:g}" if confidence is None else f"share {share:g} with {confidence:.0%} confidence"
    if k is not None:
        return _with_threshold(_above(sound, k), f"score {k} of {n} held-out sound tiles ({wanted})", sound)
    rule = (
        f"{MARGIN:g} × the largest of {n} held-out sound tiles: a {wanted} would need at least "
        f"{fewest_scores(share, confidence)} of them"
    )
    return _with_threshold(MARGIN * sound[-1], rule, sound)


def order_statistic(n: int, share: float, confidence: float | None = None) -> int | None:
    """The k of the k-th smallest of n scores that is the threshold; None where there are too few."""
    if n < fewest_scores(share, confidence):
        return None
    if confidence is None:
        return math.ceil((n + 1) * (1 - share) - 1e-9)  # often a whole number but for float noise
    ks = np.arange(1, n + 1)
    kept = betainc(n + 1 - ks, ks, share) >= confidence - 1e-12  # P(share above the k-th ≤ share)
    return int(ks[kept][0])


def fewest_scores(share: float, confidence: float | None = None) -> int:
    """Held-out scores with which a share can be promised at all."""
    if confidence is None:
        return math.ceil(1 / share - 1 - 1e-9)
    return math.ceil(math.log(1 - confidence) / math.log(1 - share) - 1e-9)


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


def calibrated_by_group(
    scores: Mapping[str, Iterable[float]], share: float = 0.02, confidence: float | None = None
) -> Calibration:
    """A threshold for all and, in `groups`, one for each kind of pad or region with enough scores for the share asked for; the
    promise then holds for each kind by itself (Mondrian conformal prediction, Vovk et al. 2005, 4.5). A kind with too few
    uses the common threshold, and its rule says so."""
    sorted_scores = {name: sorted(float(v) for v in values) for name, values in scores.items()}
    common = calibrated((v for values in sorted_scores.values() for v in values), share, confidence)
    fewest = fewest_scores(share, confidence)
    groups = []
    for name, values in sorted(sorted_scores.items()):
        if len(values) >= fewest and values[-1] >= NOTHING:
            groups.append((name, calibrated(values, share, confidence)))
        elif values:
            rule = (
                f"the common threshold: {len(values)} held-out tiles of “{name}” are too few for a share of {share:g}"
            )
            groups.append((name, _with_threshold(common.threshold, rule, np.array(values))))
    found = replace(common, groups=tuple(groups))
    return replace(found, false_alarm_share=expected_share(found))


def recalibrated(calibration: Calibration, share: float, confidence: float | None = None) -> Calibration:
    """Another promise from the same held-out scores."""
    if calibration.groups:
        return calibrated_by_group({name: group.sound for name, group in calibration.groups}, share, confidence)
    return calibrated(calibration.sound, share, confidence)


def for_group(calibration: Calibration, name: str) -> Calibration:
    """What to use for pads or regions of this kind; the common one for a kind that was never seen."""
    return dict(calibration.groups).get(name, calibration)


def level(heat: Floats, calibration: Calibration) -> NDArray[np.float32]:
    """Heat of any shape as level, float32, NaN stays NaN. The values are those half precision can hold, so that a stored
    grid decides exactly as the one in memory."""
    with np.errstate(over="ignore"):
        ratio = np.asarray(heat, dtype=np.float32) / np.float32(calibration.threshold)
    return np.minimum(ratio, np.float32(HIGHEST)).astype(np.float16).astype(np.float32)


def held_out_levels(calibration: Calibration) -> NDArray[np.float32]:
    """The held-out sound scores as levels, ascending, each by the threshold of its kind."""
    parts = [group for _, group in calibration.groups] or [calibration]
    return np.sort(np.concatenate([level(np.array(part.sound), part) for part in parts]))


def flagged(calibration: Calibration, factor: float = 1.0) -> int:
    """How many of the held-out sound tiles reach level `factor`, each by the threshold of its kind."""
    if calibration.groups:
        return sum(flagged(group, factor) for _, group in calibration.groups)
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


@dataclass(frozen=True, slots=True)
class Drift:
    """Whether today's pads look like those the threshold rests on.

    share_above   P(a pad of today scores above a held-out sound one) + ½ P(equal); ½ where nothing has changed
    sigmas        by how many standard errors that is away from ½ (rank-sum test, Mann & Whitney 1947)
    direction     "higher", "lower" or "" where nothing is to be said
    """

    pads: int
    share_above: float
    sigmas: float
    typical_now: float  # median level
    typical_then: float
    direction: str

    @property
    def words(self) -> str:
        """For a person."""
        now = f"typical level {self.typical_now:.2f}, at calibration {self.typical_then:.2f}, {self.pads} pads"
        if self.direction == "higher":
            return (
                f"Today's pads score higher than those the threshold rests on ({now}): expect more false alarms; check light "
                "and focus, or calibrate again."
            )
        if self.direction == "lower":
            return (
                f"Today's pads score lower than those the threshold rests on ({now}): defects may be missed; check light and "
                "focus, or calibrate again."
            )
        return f"Today's pads score like those the threshold rests on ({now})."


def drift(calibration: Calibration, levels: Iterable[float]) -> Drift:
    """Compare the levels of pads judged lately with the held-out ones. A few defective pads among them hardly move it: it looks
    at ranks, so a share d of defects adds at most d / 2 to `share_above`. It speaks only where the change is both certain
    (DRIFT_SIGMAS) and large (DRIFT_SHARE), because pads of one picture resemble each other and make every test too sure."""
    then = held_out_levels(calibration).astype(np.float64)
    now = np.array([v for v in levels if v is not None and math.isfinite(v)], dtype=np.float64)
    n, m = len(then), len(now)
    if m == 0:
        return Drift(0, 0.5, 0.0, 0.0, float(np.median(then)), "")
    below = np.searchsorted(then, now, "left") + np.searchsorted(then, now, "right")
    share = float(below.sum()) / (2 * n * m)
    both, counts = np.unique(np.concatenate([then, now]), return_counts=True)
    ties = float((counts.astype(np.float64) ** 3 - counts).sum()) / ((n + m) * max(n + m - 1, 1))
    spread = math.sqrt(max((n + m + 1 - ties) / (12.0 * n * m), 1e-12))
    sigmas = (share - 0.5) / spread if len(both) > 1 else 0.0
    certain = abs(sigmas) >= DRIFT_SIGMAS and abs(share - 0.5) >= DRIFT_SHARE
    direction = "" if not certain else "higher" if share > 0.5 else "lower"
    return Drift(m, share, sigmas, float(np.median(now)), float(np.median(then)), direction)


def clopper_pearson(count: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Bounds of a share seen `count` times among n; exact, so never too narrow."""
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else float(betaincinv(count, n - count + 1, tail))
    high = 1.0 if count == n else float(betaincinv(count + 1, n - count, 1 - tail))
    return low, high


def calibration_to_json(calibration: Calibration) -> dict[str, Any]:
    """Plain values; `calibration_from_json` gives back an equal calibration."""
    c = calibration
    return {
        "threshold": c.threshold,
        "false_alarm_share": c.false_alarm_share,
        "rule": c.rule,
        "sound": list(c.sound),
        "defects": list(c.defects),
        "groups": {name: calibration_to_json(group) for name, group in c.groups},
    }


def calibration_from_json(values: Mapping[str, Any]) -> Calibration:
    """KeyError, TypeError or ValueError where the values are none of ours: the reader of the file knows what to say."""
    found = Calibration(
        threshold=float(values["threshold"]),
        false_alarm_share=float(values["false_alarm_share"]),
        rule=str(values["rule"]),
        sound=tuple(float(v) for v in values["sound"]),
        defects=tuple(float(v) for v in values["defects"]),
        groups=tuple((name, calibration_from_json(group)) for name, group in sorted(values.get("groups", {}).items())),
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
