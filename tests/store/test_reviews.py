"""Reviews in a project: decisions, signatures, and the lock between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from padscope.boards.layout import Layout, Pad
from padscope.boards.pad_map import PadMap, PadResult, PictureFacts, Provenance, Verdict
from padscope.boards.review import agreement, current, override
from padscope.errors import StoreError
from padscope.store import reviews
from padscope.store.database import Project, create_project, open_project
from padscope.store.merge import merge
from padscope.types import Affine, Scale, finish

PADS = (
    PadResult("A", Verdict.OK, (), 0.2, 1.0, (), ()),
    PadResult("B", Verdict.NOT_BONDABLE, ("solder",), 2.0, 0.5, (), ()),
)
LAYOUT = Layout("two", (Pad("A", 100, 100, 50, 50), Pad("B", 300, 100, 50, 50)), ())
MAP = PadMap(
    PictureFacts("x.jpg", "ab" * 32, 10, 10, Scale()),
    Affine(1, 0, 0, 0, 1, 0),
    1.0,
    "pads",
    Provenance("blob", "m", "standard", "r", "two", "", "2026-01-01T00:00:00Z", "padscope"),
    PADS,
)


def stored(project: Project) -> int:
    return project.add_inspection(MAP, LAYOUT, None).id


def test_decisions_are_kept_in_order_and_told_in_the_history(tmp_path: Path) -> None:
    with create_project(tmp_path / "p.padscope") as project:
        id = stored(project)
        reviews.decide(project, id, agreement(PADS[1], "AB"))
        reviews.decide(project, id, override(PADS[1], Verdict.OK, "a reflection", "CD"))
        said = reviews.decisions(project, id)
        assert [(d.author, d.verdict) for d in said] == [("AB", Verdict.NOT_BONDABLE), ("CD", Verdict.OK)]
        assert current(said)["B"].reason == "a reflection"
        told = [r for r in project.history(project.inspection(id).uid) if r.action.startswith("pad ")]
        assert [(r.action, r.author) for r in told] == [("pad agreed", "AB"), ("pad overridden", "CD")]
        assert told[1].detail == {"pad": "B", "verdict": "OK", "was": "NOT_BONDABLE", "reason": "a reflection"}
        assert project.pad_map(id) == MAP  # the program's own word stays


def test_a_signature_locks_the_map_until_it_is_reopened(tmp_path: Path) -> None:
    with create_project(tmp_path / "p.padscope") as project:
        id = stored(project)
        with pytest.raises(StoreError, match="by name"):
            reviews.sign(project, id, "  ")
        reviews.sign(project, id, "AB")
        held = reviews.signature(project, id)
        assert held is not None
        assert held.author == "AB"
        with pytest.raises(StoreError, match="signed by AB"):
            reviews.decide(project, id, agreement(PADS[1], "CD"))
        with pytest.raises(StoreError, match="signed by AB"):
            reviews.sign(project, id, "CD")
        with pytest.raises(StoreError, match="for a reason"):
            reviews.reopen(project, id, "CD", "")
        reviews.reopen(project, id, "CD", "wrong module")
        assert reviews.signature(project, id) is None
        reviews.decide(project, id, agreement(PADS[1], "CD"))
        assert [s.action for s in reviews.signatures(project, id)] == ["signed", "reopened"]
        assert not project.damages()


def test_a_pad_that_is_not_in_the_map_is_refused(tmp_path: Path) -> None:
    with create_project(tmp_path / "p.padscope") as project:
        id = stored(project)
        with pytest.raises(StoreError, match="no pad Z"):
            reviews.decide(project, id, agreement(PadResult("Z", Verdict.OK, (), None, None, (), ())))
        assert reviews.decisions(project, id) == ()


def test_reviews_travel_with_a_merge_and_only_once(tmp_path: Path) -> None:
    with create_project(tmp_path / "there.padscope") as there:
        id = stored(there)
        reviews.decide(there, id, agreement(PADS[1], "AB"))
    with create_project(tmp_path / "here.padscope") as here:
        finish(merge(here, tmp_path / "there.padscope"))
        (row,) = here.inspections()
        assert [d.author for d in reviews.decisions(here, row.id)] == ["AB"]
        with open_project(tmp_path / "there.padscope") as again:
            reviews.sign(again, id, "AB")
        finish(merge(here, tmp_path / "there.padscope"))
        assert len(reviews.decisions(here, row.id)) == 1
        assert reviews.signature(here, row.id) is not None
