import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from padscope.masks import class_mask, edits
from padscope.masks.class_mask import CHUNK, ClassMask, chunk_from_bytes, chunk_to_bytes, mask_from_array
from padscope.masks.edits import Edit, apply, edit_from_bytes, edit_to_bytes, merged, painted, replaced
from padscope.masks.quick import edit_from_quick_bytes, quick_bytes
from padscope.masks.shapes import Region, stroke
from padscope.types import Box

W, H = 2 * CHUNK + 40, CHUNK + 30  # so that edges of chunks are crossed
WHOLE = Box(0, 0, W, H)
near_an_edge = st.sampled_from([0, 1, CHUNK - 2, CHUNK - 1, CHUNK, CHUNK + 3, 2 * CHUNK - 1, 2 * CHUNK]) | st.integers(
    -9, W
)


@st.composite
def regions(draw):
    x, y = draw(near_an_edge), draw(near_an_edge) % (H + 9)
    inside = draw(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)))
    return Region(Box(x, y, x + inside.shape[1], y + inside.shape[0]), inside)


def whole(mask):
    return mask.read(WHOLE)


class Painting(RuleBasedStateMachine):
    """Any sequence of strokes, fills, undos and redos does to the sparse mask what it does to one big array."""

    def __init__(self):
        super().__init__()
        self.mask = ClassMask(W, H)
        self.array = np.zeros((H, W), np.uint8)
        self.past, self.future = [], []
        self.done, self.undone = [], []

    def do(self, edit, array):
        apply(self.mask, edit)
        self.done.append(edit_to_bytes(edit))
        self.undone = []
        self.past.append(self.array)
        self.array, self.future = array, []

    @rule(
        pieces=st.lists(regions(), max_size=3),
        new_class=st.sampled_from([0, 1, 2, 255]),
        protected=st.frozensets(st.integers(0, 2), max_size=2),
        odd_rows_only=st.booleans(),
    )
    def paint(self, pieces, new_class, protected, odd_rows_only):
        array = self.array.copy()
        for piece in pieces:
            seen = piece.box.clipped(W, H)
            if seen.empty:
                continue
            inside = piece.inside[seen.shifted(-piece.box.x0, -piece.box.y0).slices].copy()
            if odd_rows_only:
                inside &= (np.arange(seen.y0, seen.y1) % 2 == 1)[:, None]
            part = array[seen.slices]
            part[inside & ~np.isin(part, list(protected))] = new_class
        allowed = (
            (lambda b: np.repeat((np.arange(b.y0, b.y1) % 2 == 1)[:, None], b.width, 1)) if odd_rows_only else None
        )
        edit = painted(self.mask, pieces, new_class, allowed=allowed, protected=protected)
        if new_class not in protected:
            assert edit.changed_px == np.count_nonzero(array != self.array)
            self.do(edit, array)

    @rule(classes=hnp.arrays(np.uint8, (20, 30)), x=st.integers(0, W - 30), y=st.integers(0, H - 20))
    def write(self, classes, x, y):
        box = Box(x, y, x + 30, y + 20)
        array = self.array.copy()
        array[box.slices] = classes
        self.do(replaced(self.mask, box, classes), array)

    @rule()
    def back(self):
        if self.done:
            self.undone.append(self.done.pop())
            apply(self.mask, edit_from_bytes(self.undone[-1]))
            self.future.append(self.array)
            self.array = self.past.pop()

    @rule()
    def forth(self):
        if self.undone:
            self.done.append(self.undone.pop())
            apply(self.mask, edit_from_bytes(self.done[-1]))
            self.past.append(self.array)
            self.array = self.future.pop()

    @invariant()
    def the_same(self):
        assert np.array_equal(whole(self.mask), self.array)
        assert self.mask == mask_from_array(self.array)  # and no chunk is kept that holds nothing
        values, counts = np.unique(self.array[self.array > 0], return_counts=True)
        assert self.mask.areas() == dict(zip(values.tolist(), counts.tolist(), strict=True))


TestPainting = Painting.TestCase
TestPainting.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)


@st.composite
def masks(draw):
    mask = ClassMask(W, H)
    for new_class in draw(st.lists(st.integers(0, 3), max_size=3)):
        apply(mask, painted(mask, draw(st.lists(regions(), max_size=3)), new_class))
    return mask


@given(masks(), st.lists(regions(), max_size=3), st.integers(0, 3))
def test_an_edit_is_its_own_inverse_and_holds_only_what_changes(mask, pieces, new_class):
    before = mask.copy()
    edit = painted(mask, pieces, new_class)
    assert mask == before  # planning an edit changes nothing
    apply(mask, edit)
    changed = whole(mask) != whole(before)
    assert edit.changed_px == changed.sum()
    for delta in edit.deltas:
        assert delta.xor.any(axis=1)[[0, -1]].all()  # cut to the changed rectangle
        assert delta.xor.any(axis=0)[[0, -1]].all()
    if edit.box is None:
        assert not changed.any()
    else:
        outside = changed.copy()
        outside[edit.box.slices] = False
        assert not outside.any()
    apply(mask, edit)
    assert mask == before


@given(masks(), st.lists(st.tuples(st.lists(regions(), max_size=2), st.integers(0, 3)), max_size=4))
def test_the_pieces_of_a_stroke_become_one_edit(mask, strokes):
    before, pieces = mask.copy(), []
    for some, new_class in strokes:
        pieces.append(painted(mask, some, new_class))
        apply(mask, pieces[-1])
    one = merged(pieces)
    other = before.copy()
    apply(other, one)
    assert other == mask
    apply(mask, one)
    assert mask == before


@given(masks())
def test_what_is_written_is_read_again(mask):
    edit = painted(mask, [Region(Box(250, 250, 270, 260), np.ones((10, 20), bool))], 7)
    back = edit_from_bytes(edit_to_bytes(edit))
    assert edit_to_bytes(back) == edit_to_bytes(edit)
    for chunk in mask.chunks.values():
        assert np.array_equal(chunk_from_bytes(chunk_to_bytes(chunk)), chunk)


@given(masks(), st.integers(-20, W), st.integers(-20, H), st.integers(0, 300), st.integers(0, 300))
def test_any_window_can_be_read(mask, x, y, w, h):
    box = Box(x, y, x + w, y + h)
    expected = np.zeros((h, w), np.uint8)
    seen = box.clipped(W, H)
    if not seen.empty:
        expected[seen.shifted(-x, -y).slices] = whole(mask)[seen.slices]
    assert np.array_equal(mask.read(box), expected)


@pytest.mark.parametrize("step", [1, 4, 64, 256])
def test_in_an_overview_no_speck_is_lost(step):
    mask = ClassMask(W, H)
    for x, y, c in ((0, 0, 1), (W - 1, H - 1, 2), (300, 200, 3)):
        apply(mask, painted(mask, [Region(Box(x, y, x + 1, y + 1), np.ones((1, 1), bool))], c))
    small = mask.reduced(step)
    assert small.shape == (-(-H // step), -(-W // step))
    assert small[200 // step, 300 // step] == 3
    assert small[(H - 1) // step, (W - 1) // step] >= 2
    with pytest.raises(ValueError):
        mask.reduced(3)


def test_an_empty_mask_costs_nothing():
    mask = ClassMask(40_000, 30_000)
    edit = painted(mask, stroke(np.array([[100.0, 100.0], [39_000.0, 29_000.0]]), 20), 1)
    apply(mask, edit)
    assert len(mask.chunks) < 400  # of 18 526
    assert len(edit_to_bytes(edit)) < 200_000
    apply(mask, edit)
    assert mask.empty


def test_an_everyday_stroke_is_small():
    """A stroke of 500 px with a brush of 40 px."""
    mask = ClassMask(7200, 5600)
    path = np.column_stack([np.linspace(1000, 1500, 60), 900 + 60 * np.sin(np.linspace(0, 6, 60))])
    assert len(edit_to_bytes(painted(mask, stroke(path, 20), 3))) < 3000


@given(st.binary(max_size=60))
def test_bytes_that_are_no_edit_are_refused(data):
    for wrapped in (data, b"PSE1" + data, b"PSE1" + zlib.compress(data + b"\1")):
        try:
            edit = edit_from_bytes(wrapped)
        except ValueError:
            continue
        assert isinstance(edit, Edit)
        assert all(d.y0 + d.xor.shape[0] <= CHUNK and d.x0 + d.xor.shape[1] <= CHUNK for d in edit.deltas)


@given(masks(), st.lists(regions(), min_size=1, max_size=4), st.integers(0, 5), st.integers(0, 10**6))
def test_an_edit_written_in_haste_is_the_same_edit(mask, pieces, new_class, cut):
    edit = painted(mask, pieces, new_class)
    data = quick_bytes(edit)
    assert edit_to_bytes(edit_from_quick_bytes(data)) == edit_to_bytes(edit)
    cut %= len(data) + 1
    try:
        shorter = edit_from_quick_bytes(data[:cut])
    except ValueError:
        return
    assert len(shorter.deltas) <= len(edit.deltas)  # cut between two of them


def test_every_flip_and_cut_of_an_edit_is_refused_or_another_edit():
    mask = ClassMask(W, H)
    edit = painted(mask, stroke(np.array([[240.0, 240.0], [270.0, 270.0]]), 5), 1)
    data = edit_to_bytes(edit)
    for length in range(len(data)):
        with pytest.raises(ValueError):
            edit_from_bytes(data[:length])
    for at in range(len(data)):
        bad = bytearray(data)
        bad[at] ^= 4
        with pytest.raises(ValueError):
            edit_from_bytes(bytes(bad))


def test_wrong_use_is_a_bug_and_said_so():
    mask = ClassMask(10, 10)
    with pytest.raises(ValueError):
        painted(mask, [], 256)
    with pytest.raises(ValueError):
        replaced(mask, Box(0, 0, 11, 1), np.zeros((1, 11), np.uint8))
    with pytest.raises(ValueError):
        replaced(mask, Box(0, 0, 3, 1), np.zeros((1, 2), np.uint8))
    with pytest.raises((ValueError, zlib.error)):
        class_mask.chunk_from_bytes(b"rubbish")
    assert edits.NO_EDIT.box is None
    assert edits.NO_EDIT.empty
