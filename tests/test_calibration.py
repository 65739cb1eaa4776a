import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom, mannwhitneyu, norm

from padscope.calibration import (
    MARGIN,
    Calibration,
    calibrated,
    calibrated_by_group,
    calibrated_without_misses,
    calibration_from_json,
    calibration_to_json,
    clopper_pearson,
    drift,
    expected_misses,
    expected_share,
    fewest_scores,
    flagged,
    for_group,
    held_out_levels,
    level,
    order_statistic,
    recalibrated,
    share_interval,
)
from padscope.errors import CalibrationError

scores = st.lists(st.floats(0.0, 1e4, width=32), min_size=1, max_size=60).filter(lambda s: max(s) > 1e-30)


def test_the_threshold_is_the_conformal_order_statistic():
    c = calibrated(range(1, 100), share=0.05)  # k = ceil(100 · 0.95) = 95
    assert c.threshold == pytest.approx(95, rel=1e-3)
    assert c.threshold > 95  # the 95th itself is not flagged
    assert flagged(c) == 4
    assert c.false_alarm_share == expected_share(c) == 0.05


def test_the_promise_holds_on_scores_never_seen():
    """Over many held-out sets the mean share of new sound scores at level ≥ 1 is (n + 1 - k) / (n + 1), whatever they follow."""
    rng = np.random.default_rng(3)
    shares = []
    for _ in range(400):
        c = calibrated(rng.gamma(2.0, size=79), share=0.1)
        shares.append(np.mean(level(rng.gamma(2.0, size=2000), c) >= 1))
    assert np.mean(shares) == pytest.approx(0.1, abs=0.006)
    assert c.false_alarm_share == 0.1


def test_too_few_scores_are_said_and_not_hidden():
    c = calibrated([1.0, 3.0, 2.0], share=0.02)
    assert c.threshold == pytest.approx(3 * MARGIN)
    assert c.false_alarm_share == 1 / 4
    assert "49" in c.rule  # 49 tiles are the fewest with which 2 % can be promised
    assert calibrated(np.arange(1, 50), share=0.02).threshold == pytest.approx(49, rel=2e-3)
    assert calibrated(np.arange(1, 49), share=0.02).threshold == pytest.approx(48 * MARGIN)


@given(st.integers(1, 400), st.floats(0.01, 0.5), st.floats(0.5, 0.99))
def test_with_a_confidence_the_threshold_is_the_lowest_score_that_keeps_it(n, share, confidence):
    """The k-th of n lies above the true (1 - share) quantile where fewer than k of the n scores lie below that quantile."""
    k = order_statistic(n, share, confidence)
    assert (k is None) == (n < fewest_scores(share, confidence))
    if k is not None:
        assert binom.cdf(k - 1, n, 1 - share) >= confidence - 1e-9
        assert k == 1 or binom.cdf(k - 2, n, 1 - share) < confidence + 1e-9


def test_a_stated_confidence_is_kept():
    """In at least 95 of 100 held-out sets no more than the share of all sound scores is flagged; without it in about half."""
    rng = np.random.default_rng(5)
    kept = {None: 0, 0.95: 0}
    for _ in range(300):
        scores = rng.exponential(size=120)
        for confidence in kept:
            kept[confidence] += np.exp(-calibrated(scores, 0.1, confidence).threshold) <= 0.1
    assert kept[0.95] >= 0.93 * 300
    assert 0.4 * 300 < kept[None] < 0.75 * 300
    assert "with 95% confidence" in calibrated(scores, 0.1, 0.95).rule


def test_too_few_scores_for_a_confidence_are_said():
    assert fewest_scores(0.05, 0.95) == 59
    c = calibrated(range(1, 59), 0.05, 0.95)
    assert c.threshold == pytest.approx(58 * MARGIN)
    assert "59 of them" in c.rule
    assert calibrated(range(1, 60), 0.05, 0.95).threshold == pytest.approx(59, rel=1e-2)
    with pytest.raises(CalibrationError, match="confidence must lie"):
        calibrated([1.0], 0.05, 1.0)


def test_another_promise_from_the_same_scores():
    by_kind = {"quiet": np.arange(1.0, 100.0), "noisy": np.arange(1.0, 100.0) * 3}
    assert recalibrated(calibrated_by_group(by_kind, 0.02), 0.1) == calibrated_by_group(by_kind, 0.1)
    plain = calibrated(by_kind["quiet"], 0.02)
    assert recalibrated(plain, 0.1, 0.9) == calibrated(by_kind["quiet"], 0.1, 0.9)


def test_held_out_levels_are_each_by_the_threshold_of_its_kind():
    by_kind = {"quiet": np.arange(1.0, 100.0), "noisy": np.arange(1.0, 100.0) * 3}
    levels = held_out_levels(calibrated_by_group(by_kind, 0.05))
    assert len(levels) == 198
    assert levels == pytest.approx(np.repeat(held_out_levels(calibrated(by_kind["quiet"], 0.05)), 2), rel=2e-3)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ([], "no held-out"),
        ([1.0, np.nan], "not finite"),
        ([1.0, np.inf], "not finite"),
        ([0.0, 0.0], "are 0"),
        ([-1.0, 1.0], "below 0"),
    ],
)
def test_scores_that_carry_no_threshold_are_refused(values, word):
    with pytest.raises(CalibrationError, match=word):
        calibrated(values)


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, float("nan")])
def test_a_share_outside_0_to_1_is_refused(share):
    with pytest.raises(CalibrationError, match="between 0 and 1"):
        calibrated([1.0], share)


def test_mostly_zero_scores_still_give_a_usable_threshold():
    c = calibrated([0.0] * 98 + [2.0, 5.0], share=0.05)
    assert c.threshold == 2.0
    assert flagged(c) == 2


@given(scores, st.floats(0.001, 0.999))
def test_never_more_sound_tiles_flagged_than_promised(values, share):
    c = calibrated(values, share)
    n = len(values)
    assert c.threshold > 0
    assert flagged(c) / n <= c.false_alarm_share
    assert c.false_alarm_share <= max(share + 1e-6, 1 / (n + 1))


@given(scores)
def test_the_share_falls_as_the_factor_rises_and_stays_inside_its_interval(values):
    c = calibrated(values, 0.2)
    shares = [expected_share(c, f) for f in (0.0, 0.25, 0.5, 1.0, 2.0, 1e9)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1
    low, high = share_interval(c)
    assert low <= flagged(c) / c.held_out <= high


@given(st.lists(st.floats(0, 1e5, width=32), min_size=1, max_size=20), st.floats(1e-3, 1e3))
def test_a_stored_level_decides_as_the_one_in_memory(heat, threshold):
    grid = level(np.array(heat), Calibration(threshold, 0.1, "", (1.0,)))
    assert grid.dtype == np.float32
    assert np.array_equal(grid, grid.astype(np.float16).astype(np.float32))
    assert np.isfinite(grid).all()


@given(scores, st.floats(0.01, 0.5))
def test_level_knows_no_picture(values, share):
    """A cell's level does not depend on what else is in the picture, and NaN (not inspected) stays NaN."""
    c = calibrated(values, share)
    alone = [level(np.array([v]), c)[0] for v in values]
    together = level(np.array([*values, np.nan]), c)
    assert np.array_equal(together[:-1], alone)
    assert np.isnan(together[-1])


def test_no_labelled_defect_is_missed_and_the_cost_is_said():
    sound, defects = np.arange(1.0, 101.0), [80.0, 200.0, 300.0]
    c = calibrated_without_misses(sound, defects)
    assert (level(np.array(defects), c) >= 1).all()
    assert c.threshold == pytest.approx(76)
    assert flagged(c) == 25  # 76 … 100
    assert c.false_alarm_share == 26 / 101
    assert expected_misses(c) == 1 / 4  # three found defects cannot promise less
    assert expected_misses(c, factor=1.5) == 2 / 4
    assert expected_misses(calibrated(sound)) is None


def test_a_defect_without_heat_is_refused():
    with pytest.raises(CalibrationError, match="no threshold can find it"):
        calibrated_without_misses([1.0], [0.0, 2.0])


@given(st.integers(1, 500), st.data(), st.floats(0.5, 0.999))
def test_clopper_pearson_agrees_with_the_beta_distribution(n, data, confidence):
    count = data.draw(st.integers(0, n))
    low, high = clopper_pearson(count, n, confidence)
    tail = (1 - confidence) / 2
    assert low == pytest.approx(0.0 if count == 0 else beta.ppf(tail, count, n - count + 1), abs=1e-9)
    assert high == pytest.approx(1.0 if count == n else beta.ppf(1 - tail, count + 1, n - count), abs=1e-9)


@given(scores, st.one_of(st.none(), scores))
def test_json_gives_back_the_same_calibration(sound, defects):
    positive = None if defects is None else [d for d in defects if d > 1e-30]
    c = calibrated_without_misses(sound, positive) if positive else calibrated(sound)
    assert calibration_from_json(json.loads(json.dumps(calibration_to_json(c)))) == c


@given(st.dictionaries(st.sampled_from(["127", "381", "635"]), scores, min_size=1), st.floats(0.02, 0.5))
def test_each_kind_of_pad_keeps_the_promise_by_itself(by_kind, share):
    c = calibrated_by_group(by_kind, share)
    assert c.held_out == sum(map(len, by_kind.values()))
    assert flagged(c) == sum(flagged(for_group(c, name)) for name in by_kind)
    assert c.false_alarm_share == expected_share(c)
    for name, values in by_kind.items():
        own = for_group(c, name)
        if "common" in own.rule:
            assert own.threshold == c.threshold
        else:
            assert own.threshold == calibrated(values, share).threshold
            assert flagged(own) / len(values) <= share
    assert for_group(c, "never seen") is c
    assert calibration_from_json(json.loads(json.dumps(calibration_to_json(c)))) == c


def test_kinds_with_other_heat_get_other_thresholds():
    """One common threshold would flag only the noisy kind; thresholds of their own flag both alike."""
    rng = np.random.default_rng(0)
    by_kind = {"quiet": rng.gamma(2, 1, 400), "noisy": rng.gamma(2, 3, 400)}
    common = calibrated(np.concatenate(list(by_kind.values())), 0.05)
    grouped = calibrated_by_group(by_kind, 0.05)
    shares = {name: float(np.mean(level(v, common) >= 1)) for name, v in by_kind.items()}
    assert shares["noisy"] > 10 * max(shares["quiet"], 0.001)
    for name, values in by_kind.items():
        assert np.mean(level(values, for_group(grouped, name)) >= 1) == pytest.approx(0.05, abs=0.005)


def test_a_calibration_of_an_older_file_has_no_groups():
    values = calibration_to_json(calibrated([1.0, 2.0]))
    del values["groups"]
    assert calibration_from_json(values) == calibrated([1.0, 2.0])


def test_drift_is_seen_in_both_directions_and_not_where_there_is_none():
    rng = np.random.default_rng(1)
    c = calibrated(rng.gamma(4, 1, 300))
    today = rng.gamma(4, 1, (200, 57)) / c.threshold
    assert sum(drift(c, levels).direction != "" for levels in today) == 0
    assert all(drift(c, levels * 1.8).direction == "higher" for levels in today)
    assert all(drift(c, levels * 0.5).direction == "lower" for levels in today)
    found = drift(c, today[0] * 1.8)
    assert "higher" in found.words
    assert "calibrate again" in found.words
    assert "missed" in drift(c, today[0] * 0.5).words


def test_defective_pads_are_no_drift():
    rng = np.random.default_rng(2)
    c = calibrated(rng.gamma(4, 1, 300))
    levels = rng.gamma(4, 1, 57) / c.threshold
    levels[:12] = 50.0
    assert drift(c, levels).direction == ""


def test_without_pads_nothing_is_said():
    c = calibrated([1.0, 2.0])
    assert drift(c, []).direction == ""
    assert drift(c, [None, float("nan")]).pads == 0
    assert drift(calibrated([1.0] * 99), level(np.ones(57), calibrated([1.0] * 99))).sigmas == 0


@given(scores, st.lists(st.floats(0, 100), min_size=1, max_size=30))
def test_drift_agrees_with_the_rank_sum_test(then, now):
    c = calibrated(then)
    found = drift(c, now)
    held = level(np.array(c.sound), c).astype(float)
    u, p = mannwhitneyu(now, held, method="asymptotic", use_continuity=False)
    assert found.share_above == pytest.approx(u / (len(now) * len(held)))
    if np.isfinite(p) and p > 1e-12 and len({*now, *held}) > 1:
        assert 2 * norm.sf(abs(found.sigmas)) == pytest.approx(p, rel=1e-6, abs=1e-9)
