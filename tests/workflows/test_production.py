"""All modules at a glance, against numbers counted by hand."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from padscope.boards.layout import Layout, Pad
from padscope.boards.pad_map import Defect, Landing, PadMap, PadResult, PictureFacts, Provenance, Verdict
from padscope.boards.reasons import is_shifted
from padscope.boards.review import agreement, override, reviewed
from padscope.store import reviews
from padscope.store.database import Project, create_project
from padscope.types import Affine, Scale
from padscope.workflows.production import Filters, filtered, production

LAYOUT = Layout("two", (Pad("A", 100, 100, 50, 50), Pad("B", 300, 100, 50, 50)), ())
DEFECT = Defect("scratch", 100.0, (0.0, 0.0, 10.0, 10.0), 1.5)


def landing(shift: float) -> Landing:
    return Landing("w", (0.0, 0.0), (shift, 0.0), 1.0, (75.0, 125.0), 0.0)


def board(sha: str, second: Verdict, shift: float = 0.0) -> PadMap:
    a = PadResult("A", Verdict.OK, (), 0.2, 1.0, (), (landing(0.0),))
    b = PadResult("B", second, (), 1.5, 0.9, (DEFECT,), (landing(shift),))
    facts = PictureFacts(f"{sha}.jpg", sha * 32, 10, 10, Scale())
    made = Provenance("blob", "m", "standard", "r", "two", "", "2026-01-01T00:00:00Z", "padscope")
    return PadMap(facts, Affine(1, 0, 0, 0, 1, 0), 1.0, "pads", made, (a, b))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = create_project(tmp_path / "p.padscope")
    made.add_inspection(board("aa", Verdict.NOT_BONDABLE), LAYOUT)
    made.add_inspection(board("aa", Verdict.OK_SHIFT, 40.0), LAYOUT)  # inspected again: this one counts
    second = made.add_inspection(board("bb", Verdict.NOT_BONDABLE), LAYOUT)
    picture = made.picture("bb" * 32)
    assert picture is not None
    made.add_picture(replace(picture, module="20UPGPQ2110303"))
    reviews.sign(made, second.id, "AB")
    return made


def test_the_newest_inspection_of_every_module_counts(project: Project) -> None:
    found = production(project)
    assert [(x.module, x.fine, x.placed, x.shifted, x.state) for x in found.lines] == [
        ("20UPGPQ2110303", 1, 2, 0, "signed"),
        ("", 2, 2, 1, "to be signed"),
    ]
    assert found.classes() == [("scratch", 2)]
    assert found.pads(LAYOUT) == {"A": 0.0, "B": 1.0}
    ((_, modules, bad, shifted),) = found.trend()
    assert (modules, bad, shifted) == (2, 0.25, 0.25)


def test_what_a_person_decided_counts(project: Project) -> None:
    first = project.inspections("aa" * 32)[-1]
    pad = project.pad_map(first.id).pads[1]
    reviews.decide(project, first.id, override(pad, Verdict.NOT_BONDABLE, "lifted", "AB"))
    assert {x.picture: x.fine for x in production(project).lines} == {"aa.jpg": 1, "bb.jpg": 1}


def slow(project: Project, inspection: int) -> tuple[dict[str, Verdict], int, int, int]:
    """From the whole pad map, as it is handed on: verdicts, wires, those with a place, those beside their plan."""
    pads = reviewed(project.pad_map(inspection), reviews.decisions(project, inspection)).pads
    wires = [w for p in pads for w in p.landings]
    placed = [w for w in wires if w.proposed_um is not None]
    return {p.pad: p.verdict for p in pads}, len(wires), len(placed), sum(is_shifted(w) for w in placed)


@pytest.mark.parametrize("verdict", [None, Verdict.OK, Verdict.NOT_BONDABLE, Verdict.REDUCED])
@pytest.mark.parametrize("shift", [None, 0.0, 0.99, 1.0, -40.0])
def test_the_numbers_are_those_of_the_whole_map(project: Project, shift: float | None, verdict: Verdict | None) -> None:
    made = board("cc", Verdict.RE_CLEAN, shift or 0.0)
    if shift is None:
        lost = replace(made.pads[1], landings=(replace(landing(0.0), proposed_um=None, margin_um=None),))
        made = replace(made, pads=(made.pads[0], lost))
    row = project.add_inspection(made, LAYOUT)
    reviews.decide(project, row.id, agreement(made.pads[0], "AB"))
    if verdict is not None:
        reviews.decide(project, row.id, override(made.pads[1], verdict, "looked", "AB"))
    found = next(x for x in production(project).lines if x.picture == "cc.jpg")
    assert (dict(found.pads), found.wires, found.placed, found.shifted) == slow(project, row.id)


@pytest.mark.parametrize(
    ("filters", "pictures"),
    [
        (Filters(), ["bb.jpg", "aa.jpg"]),
        (Filters(text="20upg"), ["bb.jpg"]),
        (Filters(state="to be signed"), ["aa.jpg"]),
        (Filters(until="2020-01-01"), []),
        (Filters(layout_sha256="other"), []),
    ],
)
def test_filters(project: Project, filters: Filters, pictures: list[str]) -> None:
    assert [x.picture for x in filtered(production(project), filters).lines] == pictures


def test_the_table_as_csv(project: Project) -> None:
    rows = list(csv.DictReader(io.StringIO(production(project).csv())))
    assert [r["module"] for r in rows] == ["20UPGPQ2110303", ""]
    assert rows[0]["pads_NOT_BONDABLE"] == "1"
    assert rows[0]["defects"] == "scratch=1"
    assert rows[0]["signed_by"] == "AB"
