"""Pad maps in numbers, against the maps themselves."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padscope.boards.layout import Layout, Pad
from padscope.boards.pad_map import Defect, Landing, PadMap, PadResult, PictureFacts, Provenance, Verdict
from padscope.errors import StoreError
from padscope.store.database import Project, create_project
from padscope.store.overview import newest_of_modules, pad_sums
from padscope.store.rows import PadSum
from padscope.types import Affine, Scale

LAYOUT = Layout("one", (Pad("A", 100, 100, 50, 50),), ())
MADE = Provenance("blob", "m", "standard", "r", "one", "", "2026-01-01T00:00:00Z", "padscope")
WORDS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(['"', "\\", '","verdict":"OK"', '"planned_um":[1.0],"proposed_um":null', '\\"pad":"B"', "é µ"]),
)
UM = st.floats(-1e5, 1e5, allow_nan=False).map(lambda v: round(v, 3))
SPOTS = st.tuples(UM, UM)


@st.composite
def results(draw: st.DrawFn) -> PadResult:
    wires = []
    for n in range(draw(st.integers(0, 3))):
        planned = draw(SPOTS)
        there = draw(st.one_of(st.none(), st.just(planned), SPOTS))
        wires.append(Landing(draw(WORDS) + str(n), planned, there, None if there is None else 1.0, (75.0, 125.0), 0.0))
    defects = [Defect(draw(WORDS), 5.0, (0.0, 0.0, 1.0, 1.0), 1.5) for _ in range(draw(st.integers(0, 2)))]
    verdict, reasons, name = draw(st.sampled_from(Verdict)), tuple(draw(st.lists(WORDS, max_size=2))), draw(WORDS)
    return PadResult(name, verdict, reasons, 0.5, 1.0, tuple(defects), tuple(wires))


def board(*pads: PadResult, sha: str = "aa", module: str = "") -> PadMap:
    facts = PictureFacts("a.jpg", sha * 32, 10, 10, Scale(), module)
    return PadMap(facts, Affine(1, 0, 0, 0, 1, 0), 1.0, "pads", MADE, pads)


def slow(pad: PadResult) -> PadSum:
    placed = [w for w in pad.landings if w.proposed_um is not None]
    moved = [math.dist(w.planned_um, w.proposed_um) for w in placed if w.proposed_um and w.proposed_um != w.planned_um]
    classes = tuple(d.defect_class for d in pad.defects)
    return PadSum(pad.pad, pad.verdict, len(pad.landings), len(placed), tuple(moved), classes)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return create_project(tmp_path_factory.mktemp("overview") / "p.padscope")


@settings(max_examples=120, deadline=None)
@given(st.lists(results(), min_size=1, max_size=3))
def test_the_numbers_are_those_of_the_map_whatever_its_words(shared: Project, pads: list[PadResult]) -> None:
    named = [replace(pad, pad=f"{pad.pad}{n}") for n, pad in enumerate(pads)]
    row = shared.add_inspection(board(*named), LAYOUT)
    read = shared.pad_map(row.id).pads
    assert pad_sums(shared, (row.id,)) == {row.id: tuple(slow(p) for p in read)}


def test_a_changed_bit_is_found(tmp_path: Path) -> None:
    project = create_project(tmp_path / "p.padscope")
    pad = PadResult("A", Verdict.OK, (), 0.5, 1.0, (), ())
    row = project.add_inspection(board(pad), LAYOUT)
    with project.transaction():
        project.execute("UPDATE verdicts SET result = replace(result, 'OK', 'UNKNOWN')")
    with pytest.raises(StoreError, match="has changed on disk"):
        pad_sums(project, (row.id,))


def test_of_every_module_the_newest_inspection_counts(tmp_path: Path) -> None:
    project = create_project(tmp_path / "p.padscope")
    pad = PadResult("A", Verdict.OK, (), 0.5, 1.0, (), ())
    project.add_inspection(board(pad, sha="aa", module="20UPGPQ2110303"), LAYOUT)
    other = project.add_inspection(board(pad, sha="bb"), LAYOUT)
    again = project.add_inspection(board(pad, sha="cc", module="20UPGPQ2110303"), LAYOUT)
    assert {x.inspection for x in newest_of_modules(project)} == {other.id, again.id}
