import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import f1_score, roc_auc_score

import reference_metrics as slow
from padscope import metrics
from padscope.errors import DetectorError
from padscope.metrics import Confusion, PixelMetrics

few = st.sampled_from([0.0, 0.25, 0.5, 0.5000001, 1.0, 3.0])  # so that ties are common


any_heat = few | st.floats(0, 100, width=32)


@st.composite
def scored(draw, numbers=any_heat):
    n = draw(st.integers(1, 30))
    return np.array(draw(st.lists(numbers, min_size=n, max_size=n))), draw(hnp.arrays(np.bool_, n))


@st.composite
def pictures(draw, numbers=few):
    """A few small pictures of one size with heat and defects."""
    n, h, w = draw(st.integers(1, 3)), draw(st.integers(1, 6)), draw(st.integers(1, 6))
    heats = draw(hnp.arrays(np.float32, (n, h, w), elements=numbers.map(lambda v: float(np.float32(v)))))
    return list(heats), list(draw(hnp.arrays(np.bool_, (n, h, w))))


@given(scored())
def test_auroc_counts_pairs(data):
    scores, bad = data
    expected = slow.auroc(scores, bad)
    assert metrics.auroc(scores, bad) == (expected if expected is None else pytest.approx(expected, abs=1e-12))
    if expected is not None:
        assert metrics.auroc(scores, bad) == pytest.approx(roc_auc_score(bad, scores), abs=1e-12)


@given(scored())
def test_auroc_of_the_opposite_is_the_rest(data):
    scores, bad = data
    value = metrics.auroc(scores, bad)
    if value is not None:
        assert metrics.auroc(-scores, bad) == pytest.approx(1 - value, abs=1e-12)
        assert metrics.auroc(scores, ~bad) == pytest.approx(1 - value, abs=1e-12)
        assert metrics.auroc(np.float64(scores) * 4, bad) == pytest.approx(value, abs=1e-12)


@given(scored())
def test_the_best_f1_is_the_best_of_all_thresholds(data):
    scores, bad = data
    assert metrics.f1_max(scores, bad) == slow.f1_max(scores, bad)


@given(scored(), few)
def test_counts_at_a_threshold_agree_with_another_judge(data, threshold):
    scores, bad = data
    c = metrics.confusion(scores, bad, threshold)
    assert c.tp + c.fp + c.fn + c.tn == len(scores)
    if c.tp + c.fp + c.fn:
        assert c.f1 == pytest.approx(f1_score(bad, scores >= threshold, zero_division=0))
    else:
        assert c.f1 is None
    best = metrics.f1_max(scores, bad)
    if best is not None and c.f1 is not None:
        assert c.f1 <= best[0] + 1e-12


@given(scored(), st.floats(0, 1))
def test_false_alarms_at_no_misses_and_recall_at_few_false_alarms(data, share):
    scores, bad = data
    assert metrics.zero_miss_fpr(scores, bad) == slow.zero_miss_fpr(scores, bad)
    assert metrics.recall_at(scores, bad, share) == pytest.approx(slow.recall_at(scores, bad, share))


def test_with_one_class_nothing_is_claimed():
    for truth in ([True, True], [False, False]):
        for measure in (metrics.auroc, metrics.zero_miss_fpr):
            assert measure([1.0, 2.0], truth) is None
        assert metrics.recall_at([1.0, 2.0], truth, 0.05) is None
    assert metrics.f1_max([1.0], [False]) is None
    assert metrics.auroc([], []) is None
    assert metrics.aupro([], []) is None
    assert metrics.aupro([np.ones((2, 2))], [np.zeros((2, 2), bool)]) is None
    assert Confusion(0, 0, 0, 5).f1 is None
    empty = PixelMetrics()
    assert (empty.auroc, empty.f1_max, empty.f1, empty.dice, empty.aupro()) == (None,) * 5


def test_each_class_is_judged_against_all_sound_ones():
    found = metrics.per_class_auroc([1, 2, 3, 0, 5], ["", "", "scratch", "dust", "dust"])
    assert found == {"dust": 0.5, "scratch": 1.0}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_no_numbers_are_refused(bad):
    with pytest.raises(DetectorError, match="not finite"):
        metrics.auroc([1.0, bad], [True, False])
    with pytest.raises(DetectorError, match="not a finite"):
        PixelMetrics().add(np.full((2, 2), bad, np.float32))
    with pytest.raises(DetectorError, match="below 0"):
        PixelMetrics().add(np.full((2, 2), -1, np.float32))


def test_dice_of_two_empty_pictures_is_one():
    none, some = np.zeros((2, 2), bool), np.eye(2, dtype=bool)
    assert metrics.dice(none, none) == 1
    assert metrics.dice(some, none) == 0
    assert metrics.dice(some, some) == 1


@given(pictures())
def test_aupro_agrees_with_the_slow_one(data):
    heats, masks = data
    expected = slow.aupro(heats, masks)
    found = metrics.aupro(heats, masks)
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))
    if found is not None:
        assert 0 <= found <= 1 + 1e-12  # never 1.21


@given(pictures())
@settings(max_examples=40)
def test_the_streaming_measures_lie_within_their_own_error(data):
    heats, masks = data
    stream = PixelMetrics(threshold=0.5)
    for heat, mask in zip(heats, masks, strict=True):
        stream.add(heat, mask)
    s, d = np.stack(heats), np.stack(masks)
    exact = metrics.auroc(s, d)
    if exact is None:
        assert stream.auroc is None
    else:
        assert abs(stream.auroc - exact) <= stream.auroc_error + 1e-12
    pro = metrics.aupro(heats, masks)
    if pro is None:
        assert stream.aupro() is None
    else:
        assert abs(stream.aupro() - pro) <= stream.aupro_error() + 1e-12
    if d.any():
        assert stream.f1_max[0] <= metrics.f1_max(s, d)[0] + 1e-12
    assert stream.at_threshold == metrics.confusion(s, d, 0.5)
    assert stream.dice == pytest.approx(np.mean([metrics.dice(h >= 0.5, m) for h, m in zip(heats, masks, strict=True)]))


@pytest.mark.parametrize("spread", [lambda g: g, lambda g: 20 + g, lambda g: 1e-4 * g])
def test_the_streaming_error_is_small_on_heat_as_detectors_give_it(spread):
    rng = np.random.default_rng(1)
    heats, masks = [], []
    for _ in range(6):
        mask = np.zeros((128, 128), bool)
        for _ in range(3):
            y, x, r = *rng.integers(10, 110, 2), rng.integers(2, 12)
            mask[y : y + r, x : x + r] = True
        heats.append(spread(rng.gamma(3, size=mask.shape) + 2 * mask).astype(np.float32))
        masks.append(mask)
    stream = PixelMetrics()
    for heat, mask in zip(heats, masks, strict=True):
        stream.add(heat, mask)
    assert stream.auroc == pytest.approx(metrics.auroc(np.stack(heats), np.stack(masks)), abs=2e-5)
    assert stream.aupro() == pytest.approx(metrics.aupro(heats, masks), abs=2e-5)
    assert stream.f1_max[0] == pytest.approx(metrics.f1_max(np.stack(heats), np.stack(masks))[0], abs=2e-3)
    assert stream.auroc_error < 1e-3
    assert stream.aupro_error() < 2e-3


@given(pictures(), st.data())
@settings(max_examples=40)
def test_only_what_is_inside_counts(data, more):
    heats, masks = data
    inside = more.draw(hnp.arrays(np.bool_, heats[0].shape))
    stream, other = PixelMetrics(), PixelMetrics()
    stream.add(heats[0], masks[0], inside)
    other.add(np.where(inside, heats[0], 7), np.where(inside, masks[0], True), inside)
    assert stream.auroc == other.auroc
    assert stream.at_threshold == other.at_threshold == metrics.confusion(heats[0][inside], masks[0][inside], 1.0)


def test_counts_do_not_stop_where_float32_does():
    """17 million sound pixels flagged one after the other: a float32 sum would stand still at 2²⁴."""
    stream = PixelMetrics()
    heat = np.linspace(1, 2, 4096 * 4200, dtype=np.float32).reshape(4096, 4200)
    mask = np.zeros(heat.shape, bool)
    mask[0, :10] = True  # the coldest pixels: found last
    stream.add(heat, mask)
    assert stream.curve().sound == heat.size - 10
    assert stream.auroc == pytest.approx(0, abs=1e-3)
    assert stream.aupro() == 0


def test_memory_does_not_grow_with_pixels():
    stream = PixelMetrics()
    stream.add(np.ones((4, 4), np.float32))
    held = {name: v.nbytes for name, v in vars(stream).items() if isinstance(v, np.ndarray)}
    for _ in range(20):
        stream.add(np.random.default_rng(0).random((64, 64), np.float32), np.eye(64, dtype=bool))
    assert {name: v.nbytes for name, v in vars(stream).items() if isinstance(v, np.ndarray)} == held
    assert stream.regions == 20
    wide = np.zeros((600, 600), bool)
    wide[:, :300] = True  # 180 000 defect pixels
    stream.add(np.random.default_rng(0).random((600, 600), np.float32), wide)
    kept = {name: v for name, v in vars(stream).items() if isinstance(v, list | dict)}
    assert list(kept) == ["_defect_scores"]
    assert max(v.nbytes for v in kept["_defect_scores"]) <= 4 * metrics.QUANTILES


@given(pictures(), st.sampled_from([(0.05, 0.5), (0.2, 0.9)]))
@settings(max_examples=30)
def test_streamed_aupimo_is_the_mean_of_the_exact_ones(data, limits):
    heats, masks = data
    heats = [h.astype(np.float16).astype(np.float32) for h in heats]  # so that no two scores share a bin
    heats, masks = [*heats, heats[0][::-1].copy()], [*masks, np.zeros_like(masks[0])]
    stream = PixelMetrics()
    for heat, mask in zip(heats, masks, strict=True):
        stream.add(heat, mask)
    exact = [v for v in metrics.aupimo(heats, masks, *limits) if v is not None]
    assert stream.aupimo(*limits) == (pytest.approx(np.mean(exact), abs=2e-3) if exact else None)


def test_streamed_aupimo_of_many_pixels_is_close_to_the_exact_one():
    rng = np.random.default_rng(3)
    heats = [rng.gamma(2, size=(200, 200)) for _ in range(6)]
    masks = [np.zeros((200, 200), bool) for _ in range(6)]
    for k in range(3):
        masks[k][40:140, 40:120] = True
        heats[k][masks[k]] += 6 * k
    stream = PixelMetrics()
    for heat, mask in zip(heats, masks, strict=True):
        stream.add(heat, mask)
    exact = metrics.aupimo(heats, masks)
    assert exact[0] < 0.1 < exact[2] < 1
    assert stream.aupimo() == pytest.approx(np.mean(exact[:3]), abs=0.01)


@given(pictures(), st.sampled_from([(0.05, 0.5), (0.2, 0.9)]))
@settings(max_examples=30)
def test_aupimo_agrees_with_the_slow_one(data, limits):
    heats, masks = data
    heats, masks = [*heats, heats[0][::-1].copy()], [*masks, np.zeros_like(masks[0])]
    low, high = limits
    found = metrics.aupimo(heats, masks, low, high)
    sound = [h.size for h, m in zip(heats, masks, strict=True) if not m.any()]
    if np.mean([1 / n for n in sound]) / len(sound) > high:
        assert found == (None,) * len(heats)
        return
    for mine, theirs in zip(found, slow.aupimo(heats, masks, low, high, steps=400), strict=True):
        assert mine == (theirs if theirs is None else pytest.approx(theirs, abs=0.02))


def test_aupimo_is_not_claimed_without_enough_sound_pixels():
    heat, bad = np.random.default_rng(0).random((32, 32)), np.eye(32, dtype=bool)
    assert metrics.aupimo([heat, heat], [bad, np.zeros_like(bad)]) == (None, None)
    assert metrics.aupimo([heat], [bad]) == (None,)
    big = np.random.default_rng(0).random((128, 128))
    assert metrics.aupimo([heat + 1, big], [bad, np.zeros((128, 128), bool)]) == (pytest.approx(1.0), None)
    assert metrics.aupimo([heat - 1, big], [bad, np.zeros((128, 128), bool)]) == (0.0, None)


def test_the_interval_of_auroc_holds_its_promise():
    rng = np.random.default_rng(4)
    true = 0.8413447  # two normals, one standard deviation times root two apart
    inside = 0
    for _ in range(300):
        scores = np.concatenate([rng.normal(0, 1, 60), rng.normal(2**0.5, 1, 40)])
        low, high = metrics.auroc_interval(scores, np.arange(100) >= 60)
        inside += low <= true <= high
    assert inside >= 0.92 * 300
    low, high = metrics.auroc_interval([1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1])
    assert 0 < low < 1
    assert 0.9 < high < 1 or high == pytest.approx(1, abs=0.05)
    assert metrics.auroc_interval([1, 2, 3], [0, 0, 1]) is None
