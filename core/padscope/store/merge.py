"""Two projects into one: pictures meet by their content, inspections, labels and strokes by their uid.

Nothing of the other project is dropped and nothing of this one is overwritten: where both say something different about the
same thing, this one's word stays, the other's stands in the list of conflicts and in the history. Two masks that went different
ways from a common beginning become two labels. Merging the same project again adds only what is new in it.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from padscope.errors import StoreError
from padscope.masks.class_mask import ClassMask, Pixels
from padscope.masks.edits import Delta, Edit, apply, edit_to_bytes
from padscope.masks.states import LOCKED
from padscope.store import labels
from padscope.store.conflicts import RESOLVED, ConflictPart, between, painter
from padscope.store.connection import copy_file
from padscope.store.database import Project, open_project
from padscope.store.histories import merge_histories
from padscope.store.labels import DONE, EditRow, LabelRow
from padscope.store.measurements import merge_measurements
from padscope.store.rows import InspectionRow, sha256_of
from padscope.types import Progress, Work


@dataclass(frozen=True, slots=True)
class Conflict:
    """What the two projects say differently; `here` was kept (both, where `kept` says so)."""

    what: str
    subject: str
    here: str
    there: str
    kept: str = "here"
    parts: tuple[ConflictPart, ...] = ()  # of two masks, pad by pad: `store.conflicts` resolves them


@dataclass(frozen=True, slots=True)
class MergeReport:
    """How many of each were new, and what did not agree."""

    other: str
    pictures: int = 0
    layouts: int = 0
    models: int = 0
    inspections: int = 0
    classes: int = 0
    labels: int = 0
    strokes: int = 0
    measurements: int = 0
    history: int = 0
    conflicts: tuple[Conflict, ...] = ()


Only = frozenset[str] | None
"""Hashes of the pictures that are meant; None for all."""


class _Rollback(Exception):
    """Ends a rehearsal."""


def merge(into: Project, path: Path | str, *, author: str = "", dry_run: bool = False) -> Work[MergeReport]:
    """Merge the project file `path` into an open project, as one transaction; with `dry_run` all is done and then undone. The
    other file is only read, also where it is of an older version or open elsewhere. Cancelled, nothing was merged."""
    path = Path(path)
    if path.absolute() == into.path.absolute():
        raise StoreError(f"{path} cannot be merged into itself; give another project.")
    yield Progress(0, 1, f"reading {path.name}")
    with _opened_copy(path) as other:
        report = MergeReport(str(path))
        try:
            with into.transaction():
                report = yield from _merged(into, other, report, author)
                if dry_run:
                    raise _Rollback
        except _Rollback:
            pass
        return report


@contextmanager
def _opened_copy(path: Path) -> Iterator[Project]:
    with tempfile.TemporaryDirectory(prefix="padscope-merge-") as folder:
        copy = Path(folder) / path.name
        copy_file(path, copy)
        with open_project(copy) as other:
            yield other


def take_over(into: Project, other: Project, *, only: frozenset[str], author: str = "") -> Work[MergeReport]:
    """Everything an open project knows of these pictures (hashes), as one transaction: how a part begins that is split off."""
    with into.transaction():
        return (yield from _merged(into, other, MergeReport(str(other.path)), author, only))


def _merged(into: Project, other: Project, report: MergeReport, author: str, only: Only = None) -> Work[MergeReport]:
    conflicts: list[Conflict] = []
    lut, new_classes = _merge_classes(into, other, author, conflicts)
    home = Path(report.other).absolute().parent
    counts = {
        "pictures": _merge_pictures(into, other, home, author, conflicts, only),
        "layouts": _merge_layouts(into, other, author, conflicts, only),
        "models": _merge_models(into, other, home, only),
        "classes": new_classes,
    }
    counts["inspections"] = yield from _merge_inspections(into, other, conflicts, only)
    counts["labels"], counts["strokes"] = yield from _merge_labels(into, other, lut, conflicts, only)
    counts["measurements"] = merge_measurements(into, other)
    counts["history"], breaks = merge_histories(into, other)
    conflicts += [Conflict("broken history, taken as it is", name, "", words, kept="both") for name, words in breaks]
    report = MergeReport(report.other, **counts, conflicts=tuple(conflicts))
    if any(counts.values()):
        into.note(author, "merged", other.uid, asdict(report))
    return report


# pictures, layouts, models, inspections


def _merge_pictures(
    into: Project, other: Project, home: Path, author: str, conflicts: list[Conflict], only: Only
) -> int:
    new = 0
    for theirs in other.pictures():
        if only is not None and theirs.sha256 not in only:
            continue
        here = into.picture(theirs.sha256)
        moved = replace(theirs, path=str(home / other.stored_path(theirs.path)))
        if here is None:
            into.add_picture(moved, author=author)
            new += 1
            continue
        for name, empty in (("scale", None), ("module", "")):
            mine, yours = getattr(here, name), getattr(theirs, name)
            known = yours.um_per_px if name == "scale" else yours
            have = mine.um_per_px if name == "scale" else mine
            if known != empty and have != empty and mine != yours:
                conflicts.append(Conflict(f"{name} of a picture", theirs.sha256, _words(mine), _words(yours)))
        added = replace(
            here,
            scale=here.scale if here.scale.um_per_px is not None else theirs.scale,
            module=here.module or theirs.module,
        )
        if added != here:
            into.add_picture(added, author=author)
    return new


def _merge_layouts(into: Project, other: Project, author: str, conflicts: list[Conflict], only: Only) -> int:
    known = {row.sha256 for row in into.layouts()}
    used = {row.layout_sha256 for row in other.inspections() if only is None or row.picture_sha256 in only}
    new = 0
    for row in other.layouts():
        if row.sha256 not in known and (only is None or row.sha256 in used):
            try:
                into.add_layout(other.layout(row.sha256), author=author)
                new += 1
            except StoreError as error:
                conflicts.append(Conflict("damaged layout, not taken", row.sha256, "absent", str(error)))
    return new


def _merge_models(into: Project, other: Project, home: Path, only: Only) -> int:
    known = {row.sha256 for row in into.models()}
    used = {row.model_sha256 for row in other.inspections() if only is None or row.picture_sha256 in only}
    rows = other.rows("SELECT * FROM models ORDER BY id")
    new = [r for r in rows if r["sha256"] not in known and (only is None or r["sha256"] in used)]
    for r in new:
        values = {**dict(r), "path": into.stored_path(str(home / r["path"]))}
        del values["id"]
        into.insert("models", values)
    return len(new)


def _merge_inspections(into: Project, other: Project, conflicts: list[Conflict], only: Only) -> Work[int]:
    known = {row.uid for row in into.inspections()}
    layouts = {row.sha256: row.id for row in into.layouts()}
    new, rows = 0, other.inspections()
    for number, row in enumerate(rows):
        yield Progress(number, len(rows), "merging inspections")
        if only is not None and row.picture_sha256 not in only:
            continue
        if row.uid in known:
            _take_reviews(into, other, row)
            continue
        try:
            other.pad_map(row.id)
            other.level(row.id)
        except StoreError as error:
            conflicts.append(Conflict("damaged inspection, not taken", row.uid, "absent", str(error)))
            continue
        r = other.rows("SELECT * FROM inspections WHERE id = ?", row.id)[0]
        picture = into.picture(row.picture_sha256)
        assert picture is not None
        values = {**dict(r), "picture_id": picture.id, "layout_id": layouts.get(row.layout_sha256)}
        del values["id"]
        id = into.insert("inspections", values)
        verdicts = other.rows("SELECT * FROM verdicts WHERE inspection_id = ? ORDER BY seq", row.id)
        into.insert_many("verdicts", [(id, *tuple(v)[1:]) for v in verdicts])
        _take_further_pictures(into, other, row.id, id)
        _take_reviews(into, other, row)
        new += 1
    return new


def _take_further_pictures(into: Project, other: Project, there: int, here: int) -> None:
    sql = "SELECT f.*, p.sha256 AS picture FROM inspection_pictures f JOIN pictures p ON p.id = f.picture_id"
    for r in other.rows(f"{sql} WHERE inspection_id = ? ORDER BY seq", there):
        theirs = other.picture(r["picture"])
        assert theirs is not None
        picture = into.picture(theirs.sha256) or into.add_picture(theirs)
        values = {**dict(r), "inspection_id": here, "picture_id": picture.id}
        del values["picture"]
        into.insert("inspection_pictures", values)


def _take_reviews(into: Project, other: Project, there: InspectionRow) -> None:
    """Decisions and signatures that are new here, in their order. The last one counts, wherever it was taken."""
    here = next(row.id for row in into.inspections(there.picture_sha256) if row.uid == there.uid)
    for table in ("decisions", "signatures"):
        known = {r["uid"] for r in into.rows(f"SELECT uid FROM {table} WHERE inspection_id = ?", here)}
        for r in other.rows(f"SELECT * FROM {table} WHERE inspection_id = ? ORDER BY id", there.id):
            if r["uid"] not in known:
                values = {**dict(r), "inspection_id": here}
                del values["id"]
                into.insert(table, values)


# classes and labels


def _merge_classes(into: Project, other: Project, author: str, conflicts: list[Conflict]) -> tuple[Pixels, int]:
    """(a table from their values to ours, how many classes were new). Classes meet by name."""
    lut = np.arange(256, dtype=np.uint8)
    ours = {c.name.casefold(): c for c in labels.classes(into)}
    new = 0
    for theirs in labels.classes(other):
        here = ours.get(theirs.name.casefold())
        if here is None:
            free = theirs.value not in {c.value for c in labels.classes(into)}
            value = theirs.value if free else None
            here = labels.add_class(into, theirs.name, theirs.colour, value=value, author=author)
            if theirs.retired:
                here = labels.change_class(into, replace(here, retired=True), author=author)
            new += 1
        elif here.colour != theirs.colour:
            conflicts.append(Conflict("colour of a class", here.name, here.colour, theirs.colour))
        lut[theirs.value] = here.value
    return lut, new


def _merge_labels(
    into: Project, other: Project, lut: Pixels, conflicts: list[Conflict], only: Only
) -> Work[tuple[int, int]]:
    new, strokes, rows = 0, 0, labels.labels(other)
    for number, theirs in enumerate(rows):
        yield Progress(number, len(rows), "merging labels")
        if only is not None and theirs.picture_sha256 not in only:
            continue
        try:
            story = _translated(other, theirs, lut)
        except StoreError as error:
            conflicts.append(Conflict("damaged label, not taken", theirs.uid, "absent", str(error)))
            continue
        here = _label_by_uid(into, theirs.uid)
        forked = here is not None and _forks(_uids(into, here), [row.uid for row, _ in story], here)
        if forked:
            theirs, story = _fork(other.uid, theirs, story)
            here = _label_by_uid(into, theirs.uid)
        beside = [row for row in labels.labels(into, theirs.picture_sha256) if row.uid != theirs.uid]
        begun = here is None
        if here is None:
            here = _begun(into, theirs)
            new += 1
        elif (here.state, here.comment) != (theirs.state, theirs.comment) and not _was_resolved(here):
            words = f"{here.state}: {here.comment}", f"{theirs.state}: {theirs.comment}"
            conflicts.append(Conflict("review of a label", here.uid, *words))
        more = _continue(into, here, story, theirs.changed_at, conflicts)
        strokes += more
        reopened = more > 0 and _was_resolved(here)
        if reopened:  # painted on since its conflict was resolved: there is a new one
            into.update("labels", here.id, {"state": theirs.state, "comment": theirs.comment})
        if (begun or reopened) and beside:
            what = "a mask painted on in both" if forked else "two labels of one picture"
            names = [painter(into, row) or "nobody" for row in (*beside, labels.label(into, here.id))]
            authors = ", ".join(names[:-1]), names[-1]
            against = next((row for row in beside if row.state != "rejected"), beside[0])
            parts = between(into, against, labels.label(into, here.id)).parts
            conflicts.append(Conflict(what, theirs.picture_sha256, *authors, kept="both", parts=parts))
    return new, strokes


def _was_resolved(label: LabelRow) -> bool:
    return label.state == "rejected" and label.comment.startswith(RESOLVED)


Story = list[tuple[EditRow, Edit]]
"""A label's strokes in the order they were painted, in our class values."""


def _translated(other: Project, label: LabelRow, lut: Pixels) -> Story:
    """An exclusive or cannot be translated by itself: what it meets must be known. So strokes are done one after the other,
    those that can be redone last. Dropped ones are never applied again and stay as they are."""
    mask = labels.empty_mask(other, label)
    story: Story = []
    plain = np.array_equal(lut, np.arange(256))
    for row in labels.edits(other, label.id):
        edit = labels.load_edit(other, row.id)
        if not plain and row.state != labels.DROPPED:
            translated = Edit(tuple(_translated_delta(mask, d, lut) for d in edit.deltas))
            apply(mask, edit)
            edit = translated
        story.append((row, edit))
    return story


def _translated_delta(mask: ClassMask, d: Delta, lut: Pixels) -> Delta:
    before = mask.read(d.box)
    return replace(d, xor=lut[before] ^ lut[before ^ d.xor])


def _forks(ours: list[str], theirs: list[str], here: LabelRow) -> bool:
    """Whether neither is the beginning of the other, or theirs goes on where a reviewer here has decided."""
    common = min(len(ours), len(theirs))
    locked = here.state in LOCKED and not _was_resolved(here)
    return ours[:common] != theirs[:common] or (locked and len(theirs) > len(ours))


def _fork(project_uid: str, label: LabelRow, story: Story) -> tuple[LabelRow, Story]:
    """Under new names, always the same ones, so that merging again finds them."""

    def renamed(uid: str) -> str:
        return uuid.uuid5(uuid.NAMESPACE_OID, f"{project_uid} {label.uid} {uid}").hex

    return replace(label, uid=renamed("")), [(replace(row, uid=renamed(row.uid)), edit) for row, edit in story]


def _begun(into: Project, theirs: LabelRow) -> LabelRow:
    picture = into.picture(theirs.picture_sha256)
    assert picture is not None
    values = {name: getattr(theirs, name) for name in ("uid", "author", "state", "comment", "created_at", "changed_at")}
    return labels.label(into, into.insert("labels", {**values, "picture_id": picture.id}))


def _continue(into: Project, here: LabelRow, story: Story, changed_at: str, conflicts: list[Conflict]) -> int:
    """Bring a label here to where its story there is, if that is longer; how many strokes were new."""
    ours = labels.edits(into, here.id)
    for (theirs, _), mine in zip(story, ours, strict=False):
        shorter, longer = (mine, theirs) if len(story) > len(ours) else (theirs, mine)
        if shorter.state != DONE and longer.state == DONE:
            conflicts.append(Conflict("a stroke taken back", theirs.uid, mine.state, theirs.state))
    if len(story) <= len(ours):
        return 0
    for (theirs, _), mine in zip(story, ours, strict=False):
        into.update("edits", mine.id, {"state": theirs.state})
    for row, edit in story[len(ours) :]:
        data = edit_to_bytes(edit)
        values = {name: getattr(row, name) for name in ("uid", "author", "tool", "at", "state")}
        into.insert("edits", {**values, "label_id": here.id, "data": data, "sha256": sha256_of(data)})
    labels.repaint(into, here.id)
    into.update("labels", here.id, {"changed_at": max(here.changed_at, changed_at)})
    return len(story) - len(ours)


def _uids(project: Project, label: LabelRow) -> list[str]:
    return [row.uid for row in labels.edits(project, label.id)]


def _label_by_uid(project: Project, uid: str) -> LabelRow | None:
    row = project.row("SELECT id FROM labels WHERE uid = ?", uid)
    return None if row is None else labels.label(project, row["id"])


def _words(value: Any) -> str:
    return f"{value.um_per_px:g} µm per px ({value.source})" if hasattr(value, "um_per_px") else str(value)
