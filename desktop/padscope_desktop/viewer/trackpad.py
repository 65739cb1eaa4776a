"""Fingers on a trackpad: two that slide move the picture, two that pinch zoom it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QNativeGestureEvent, QWheelEvent


def slide_of(event: QWheelEvent) -> QPointF | None:
    """Logical px by which fingers slid; None for the wheel of a mouse, whose turns zoom."""
    if event.phase() == Qt.ScrollPhase.NoScrollPhase or event.pixelDelta().isNull():
        return None
    return QPointF(event.pixelDelta())


def pinch_of(event: QNativeGestureEvent) -> float | None:
    """Factor by which fingers spread; None for any other gesture."""
    if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
        return None
    return max(1.0 + event.value(), 0.1)
