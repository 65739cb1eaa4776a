"""The slow, obvious measures: one threshold after the other, one region after the other."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import ndimage


def auroc(scores, defective):
    pairs = [(bad > good) + 0.5 * (bad == good) for bad in scores[defective] for good in scores[~defective]]
    return float(np.mean(pairs)) if pairs else None


def f1_max(scores, defective):
    best = None
    for t in sorted(set(scores.tolist()), reverse=True):
        flag = scores >= t
        f1 = 2 * (flag & defective).sum() / (flag.sum() + defective.sum())
        if defective.any() and (best is None or f1 > best[0]):
            best = (float(f1), float(t))
    return best


def zero_miss_fpr(scores, defective):
    if defective.all() or not defective.any():
        return None
    return float(np.mean(scores[~defective] >= scores[defective].min()))


def recall_at(scores, defective, share):
    if defective.all() or not defective.any():
        return None
    recalls = [0.0]
    for t in set(scores.tolist()):
        flag = scores >= t
        if flag[~defective].mean() <= share + 1e-12:
            recalls.append(float(flag[defective].mean()))
    return max(recalls)


def pro_curve(heats, masks):
    """(FPR, PRO) at every distinct score, from (0, 0)."""
    regions = []
    for index, mask in enumerate(masks):
        labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
        regions += [(index, labels == k) for k in range(1, count + 1)]
    background = sum(int((~m).sum()) for m in masks)
    points = [(0.0, 0.0)]
    for t in sorted({float(v) for h in heats for v in h.ravel()}, reverse=True):
        fp = sum(int(((h >= t) & ~m).sum()) for h, m in zip(heats, masks, strict=True))
        points.append((fp / background, float(np.mean([(heats[i] >= t)[r].mean() for i, r in regions]))))
    return points


def aupro(heats, masks, limit=0.3):
    if not any(m.any() for m in masks) or all(m.all() for m in masks):
        return None
    area = 0.0
    points = pro_curve(heats, masks)
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x0 >= limit:
            break
        if x1 > limit:
            y1, x1 = y0 + (y1 - y0) * (limit - x0) / (x1 - x0), limit
        area += (x1 - x0) * (y0 + y1) / 2
    return area / limit


def aupimo(heats, masks, low, high, steps=4000):
    """Recall at each of many rates: the lowest threshold whose mean false positive rate on sound pictures is not above it."""
    sound = [h for h, m in zip(heats, masks, strict=True) if not m.any()]
    thresholds = sorted({float(v) for h in sound for v in h.ravel()})
    out = []
    for heat, mask in zip(heats, masks, strict=True):
        recalls = []
        for k in range(steps):
            rate = low * (high / low) ** ((k + 0.5) / steps)
            fit = [t for t in thresholds if np.mean([(h > t).mean() for h in sound]) <= rate + 1e-12]
            recalls.append((heat[mask] > min(fit)).mean() if mask.any() else None)
        out.append(float(np.mean(recalls)) if mask.any() else None)
    return out
