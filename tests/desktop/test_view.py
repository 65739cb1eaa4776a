"""Pan and zoom are arithmetic: checked for any view."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from padscope_desktop.viewer.view import MOST_ZOOM, View, fitted, kept_near, least_zoom, whole, zoomed_within

sizes = st.floats(50, 4000)
views = st.builds(
    View,
    zoom=st.floats(0.01, 60),
    cx=st.floats(-100, 20_000),
    cy=st.floats(-100, 20_000),
    width=sizes,
    height=sizes,
    dpr=st.sampled_from([1.0, 1.25, 1.5, 2.0]),
)
screen = st.tuples(st.floats(0, 4000), st.floats(0, 4000))


@given(views, screen)
def test_picture_and_screen_points_are_inverse(view: View, at: tuple[float, float]) -> None:
    np.testing.assert_allclose(view.to_screen(np.array(view.to_picture(*at))), at, atol=1e-6)


@given(views, screen, st.floats(0.2, 5))
def test_zooming_leaves_the_point_under_the_cursor_in_place(view: View, at: tuple[float, float], factor: float) -> None:
    before, after = view.to_picture(*at), view.zoomed(factor, at).to_picture(*at)
    np.testing.assert_allclose(after, before, atol=1e-6)


@given(views, screen, st.floats(0.001, 1000), st.integers(1, 20_000), st.integers(1, 20_000))
def test_the_limit_of_zoom_does_not_make_the_picture_slide(
    view: View, at: tuple[float, float], factor: float, w: int, h: int
) -> None:
    least = least_zoom(view, w, h)
    zoomed = zoomed_within(view, factor, at, least)
    assert min(least, view.zoom) * (1 - 1e-9) <= zoomed.zoom <= MOST_ZOOM * (1 + 1e-9)
    np.testing.assert_allclose(zoomed.to_picture(*at), view.to_picture(*at), atol=1e-5)


@given(views, screen, screen)
def test_a_drag_carries_the_point_along(view: View, start: tuple[float, float], end: tuple[float, float]) -> None:
    dragged = view.dragged(end[0] - start[0], end[1] - start[1])
    np.testing.assert_allclose(dragged.to_picture(*end), view.to_picture(*start), atol=1e-6)


@given(st.integers(1, 30_000), st.integers(1, 30_000), sizes, sizes, st.sampled_from([1.0, 2.0]))
def test_fitting_shows_the_whole_picture(w: int, h: int, width: float, height: float, dpr: float) -> None:
    view = fitted(whole(w, h), width, height, dpr)
    x0, y0, x1, y1 = view.visible
    assert x0 <= -0.5 + 1e-6
    assert y0 <= -0.5 + 1e-6
    assert x1 >= w - 0.5 - 1e-6
    assert y1 >= h - 0.5 - 1e-6


@given(views, st.integers(1, 20_000), st.integers(1, 20_000))
def test_the_picture_cannot_get_lost(view: View, w: int, h: int) -> None:
    kept = kept_near(view, w, h)
    assert -0.5 <= kept.cx <= w - 0.5
    assert -0.5 <= kept.cy <= h - 0.5
    assert kept.zoom == view.zoom


def test_one_to_one_means_device_pixels() -> None:
    assert View(zoom=1.0, cx=0, cy=0, width=100, height=100, dpr=2.0).scale == 0.5
