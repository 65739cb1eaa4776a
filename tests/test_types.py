from hypothesis import given
from hypothesis import strategies as st

from padscope.types import Box

boxes = st.builds(
    Box,
    *[st.integers(-3, 5)] * 2,
    *[st.integers(-3, 9)] * 2,
)


def pixels(box: Box) -> set[tuple[int, int]]:
    return {(x, y) for x in range(box.x0, box.x1) for y in range(box.y0, box.y1)}


@given(boxes, boxes)
def test_what_two_boxes_have_in_common_are_the_pixels_of_both(a: Box, b: Box) -> None:
    assert pixels(a.common(b)) == pixels(a) & pixels(b)
    assert a.common(b).empty == (not pixels(a) & pixels(b))
