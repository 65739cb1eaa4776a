"""What the window asks of a project, each as one function that runs in the keeper's thread."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from padscope.boards.layout import Layout
from padscope.boards.pad_map import Verdict
from padscope.boards.review import Decision, current, reviewed
from padscope.boards.rules import Rules, parse_rules
from padscope.errors import StoreError
from padscope.pictures.measures import Measure
from padscope.store import reviews, watched
from padscope.store.watched import Outcome
from padscope.types import Scale
from padscope.workflows.watch import Found, Watched, remembered, seen_file
from padscope_desktop.background.payloads import PictureCard
from padscope_desktop.inspecting.board import Board, Part, board_of, seen_in

if TYPE_CHECKING:
    from padscope.boards.hand_feet import HandFoot
    from padscope.store.database import Project
    from padscope.store.rows import InspectionRow
    from padscope.workflows.painting import Painting

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp")
BY_A_PERSON = ("typed", "two-point")
"""Sources of a scale."""
CHOSEN = "chosen"
"""Action in the history by which the project remembers its layout and its threshold."""


@dataclass(frozen=True)
class StoredPicture:
    """A picture's line; `inspection` is the newest one's row, 0 where there is none."""

    path: str
    sha256: str
    counts: Mapping[Verdict, int] | None
    inspection: int
    module: str = ""
    own_scale: Scale | None = None
    signed_by: str = ""
    together: tuple[str, ...] = ()  # all pictures of the board of that inspection, where they are several


@dataclass(frozen=True)
class Contents:
    """What a project shows when it is opened."""

    pictures: tuple[StoredPicture, ...]
    layout: Layout | None
    model: Path | None
    factor: float
    folder: Path | None = None  # that is watched
    watched: Watched | None = None  # what is known of it
    rules: Rules | None = None  # None: nobody has chosen any


def picture_files(paths: Iterable[Path]) -> list[Path]:
    """Files as they are (what they hold is looked at later), folders as the pictures in them, by name."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and not p.stem.endswith("_mask"))
        else:
            found.append(path)
    return found


def contents(project: Project) -> Contents:
    further = project.further_pictures()
    newest = {sha: row for row in project.inspections() for sha in (row.picture_sha256, *further.get(row.id, ()))}
    signers = reviews.signers(project)
    pictures = []
    for p in project.pictures():
        last = newest.get(p.sha256)
        own = p.scale if p.scale.source in BY_A_PERSON else None
        counts, inspection = (counted(project, last), last.id) if last else (None, 0)
        parts = (last.picture_sha256, *further[inspection]) if last is not None and inspection in further else ()
        signer = signers.get(inspection, "")
        pictures.append(StoredPicture(p.path, p.sha256, counts, inspection, p.module, own, signer, parts))
    chosen = _last_choice(project, "layout")
    layouts = [row.sha256 for row in project.layouts()]
    wanted = chosen.get("sha256") if chosen.get("sha256") in layouts else next(reversed(layouts), None)
    models = project.models()
    folder = watched.watched_folder(project)
    return Contents(
        tuple(pictures),
        project.layout(str(wanted)) if wanted else None,
        model_file(project, models[-1].sha256, Path(models[-1].path)) if models else None,
        float(_last_choice(project, "threshold").get("factor", 1.0)),  # type: ignore[arg-type]
        folder,
        remembered(project, folder) if folder is not None else None,
        _rules(project),
    )


def counted(project: Project, row: InspectionRow) -> Mapping[Verdict, int]:
    """Of an inspection, with a person's verdicts where there are some."""
    decided = reviews.decisions(project, row.id)
    if not any(d.decision is Decision.OVERRIDDEN for d in current(decided).values()):
        return row.counts
    return reviewed(project.pad_map(row.id), decided).counts()


def _rules(project: Project) -> Rules | None:
    toml = _last_choice(project, "rules").get("toml")
    return parse_rules(toml.encode(), "the project's rules") if isinstance(toml, str) else None


def store_rules(project: Project, rules: Rules, author: str) -> None:
    """The whole text with its comments: the file they came from may be gone when somebody asks what was judged by."""
    detail = {"name": rules.name, "sha256": rules.sha256, "toml": rules.text}
    project.record(CHOSEN, "rules", detail, author=author)


def _last_choice(project: Project, what: str) -> Mapping[str, object]:
    rows = [row for row in project.history(what) if row.action == CHOSEN]
    return rows[-1].detail if rows else {}


def model_file(project: Project, sha256: str, seen_at: Path) -> Path | None:
    """The model's file where it was last seen; if it is gone, the copy the project keeps, laid beside the project."""
    if seen_at.is_file():
        return seen_at
    beside = project.path.with_name(f"{project.path.stem}-{sha256[:8]}.padmodel")
    if not beside.exists():
        try:
            data = project.model_file(sha256)
        except StoreError:
            return None
        part = beside.with_name(beside.name + ".part")
        part.write_bytes(data)
        os.replace(part, beside)
    return beside


def store_picture(project: Project, card: PictureCard, module: str) -> None:
    """`module`: what its name says; what a person has typed stays."""
    from padscope.store.rows import PictureRow

    known = project.picture(card.sha256)
    module = "" if known is not None and known.module else module
    project.add_picture(
        PictureRow(
            card.sha256, str(card.path), card.width, card.height, card.size_bytes, scale=card.scale, module=module
        )
    )


def store_scale(project: Project, sha256: str, scale: Scale, author: str) -> None:
    """What a person says, in place of what the file says."""
    row = project.picture(sha256)
    if row is not None:
        project.add_picture(replace(row, scale=scale), author=author)


def measurements(project: Project, sha256: str) -> dict[str, Measure]:
    """By uid, in the order they were made; one that this Padscope cannot show is left out."""
    from padscope.store.measurements import measurements as stored

    found = {}
    for row in stored(project, sha256):
        with contextlib.suppress(ValueError):
            found[row.uid] = Measure(row.kind, row.points)
    return found


def put_measurement(project: Project, sha256: str, uid: str, measure: Measure, author: str) -> None:
    from padscope.store.measurements import put_measurement as put

    put(project, sha256, uid, measure.kind, measure.points, author=author)


def remove_measurement(project: Project, uid: str, author: str) -> None:
    from padscope.store.measurements import remove_measurement as remove

    remove(project, uid, author=author)


def store_layout(project: Project, layout: Layout) -> None:
    with project.transaction():
        row = project.add_layout(layout)
        if _last_choice(project, "layout").get("sha256") != row.sha256:
            project.record(CHOSEN, "layout", {"sha256": row.sha256, "name": row.name})


def store_model(project: Project, path: Path) -> None:
    project.add_model(path)


def store_board(project: Project, board: Board, pictures: Sequence[Path]) -> int:
    """The row of the new inspection: every judgement that was settled on stays in the project, with its threshold. `pictures`:
    the files of the map's pictures, in its order."""
    parts = board.now_parts()
    levels = [part.level for part in parts] if parts else [board.level]
    others = [(str(path), level) for path, level in zip(pictures[1:], levels[1:], strict=True) if level is not None]
    with project.transaction():
        row = project.add_inspection(
            board.pad_map,
            board.layout,
            levels[0],
            picture_path=str(pictures[0]),
            others=others,
            seconds=board.seconds,
        )
        reviews.carry_over(project, row.id)
    return row.id


def store_threshold(project: Project, factor: float) -> None:
    """The one that a person has settled on."""
    if _last_choice(project, "threshold").get("factor", 1.0) != factor:
        project.record(CHOSEN, "threshold", {"factor": factor})


def board(project: Project, inspection: int, key: int, picture: str = "") -> Board:
    """Everything the window shows of a stored inspection; `picture`: which of several is on the screen, by its SHA-256."""
    row = project.inspection(inspection)
    pad_map = project.pad_map(inspection)
    layout = project.layout(row.layout_sha256)
    shas = [facts.sha256 for facts in pad_map.pictures()]
    paintings = [painted(project, sha) for sha in shas]
    levels = [project.level(inspection, k) for k in range(len(shas))]
    parts = tuple(Part(level, mask) for level, mask in zip(levels, paintings, strict=True) if level is not None)
    made = board_of(key, pad_map, layout, levels[0], row.seconds, "", paintings[0], parts if pad_map.others else ())
    return seen_in(made, shas.index(picture), key) if picture in shas else made


def handed_on(project: Project, inspection: int, key: int, picture: str = "") -> Board:
    """The same with the verdicts that counted: a person's where there is one."""
    made = board(project, inspection, key, picture)
    return replace(made, pad_map=reviewed(made.pad_map, reviews.decisions(project, inspection)))


def unsigned_board(project: Project, inspection: int, key: int, picture: str = "") -> Board | None:
    """None where it is signed: what somebody put a name to is not judged again behind it."""
    return None if reviews.signature(project, inspection) is not None else board(project, inspection, key, picture)


def painted(project: Project, picture_sha256: str) -> Painting | None:
    """What a person has painted on a picture, here or brought in from elsewhere."""
    from padscope.workflows.painting import painting_of

    return painting_of(project, picture_sha256)


def carried(project: Project, picture_sha256: str) -> tuple[Painting | None, tuple[HandFoot, ...]]:
    """What persons did to a picture that a new inspection must not lose: what was painted, and feet that were put down."""
    rows = project.inspections(picture_sha256)
    feet: tuple[HandFoot, ...] = ()
    if rows:
        from padscope.boards.hand_feet import HandFoot

        landings = project.pad_map(rows[-1].id).landings()
        feet = tuple(HandFoot(m.wire, m.proposed_um, m.placed_by) for m in landings if m.placed_by and m.proposed_um)
    return painted(project, picture_sha256), feet


def carried_together(project: Project, pictures: Sequence[str]) -> tuple[dict[str, Painting], tuple[HandFoot, ...]]:
    """The same of several pictures of one board: paintings by picture, and the newest foot of each wire."""
    found = {sha: carried(project, sha) for sha in pictures}
    feet = {f.wire: f for _, some in found.values() for f in some}
    return {sha: mask for sha, (mask, _) in found.items() if mask is not None}, tuple(feet.values())


def note_feet(project: Project, action: str, picture: str, detail: Mapping[str, object], author: str) -> None:
    """Who put which foot where, or gave it back."""
    project.record(action, picture, detail, author=author)


def note_export(project: Project, files: list[Path], picture: str) -> None:
    """Who took what out, and when, stays in the history."""
    project.record("exported", picture, {"files": [str(f) for f in files]})


def store_module(project: Project, sha256: str, module: str) -> None:
    row = project.picture(sha256)
    if row is not None:
        project.add_picture(replace(row, module=module))


def start_watching(project: Project, folder: Path) -> Watched:
    """What is known of it."""
    watched.start_watching(project, folder)
    return remembered(project, folder)


def stop_watching(project: Project) -> None:
    watched.stop_watching(project)


def remember_found(project: Project, folder: Path, found: Iterable[Found], outcome: Outcome) -> None:
    watched.remember(project, folder, [seen_file(f, outcome) for f in found])


def came_of(project: Project, sha256: str, outcome: Outcome) -> None:
    watched.came_of(project, sha256, outcome)


def discard(project: Project, other: Path) -> None:
    """Remove a project that lives on under another name; `project`, open now, shows that it does."""
    if project.path.absolute() != other.absolute():
        for old in (other, *(other.with_name(other.name + end) for end in ("-wal", "-shm", "-lock", "-draft"))):
            old.unlink(missing_ok=True)
