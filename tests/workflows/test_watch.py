"""Watching a folder: every order of events on a file system and a clock of our own, then a real folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padscope.pictures.complete import Finding, Look
from padscope.store.database import create_project, open_project
from padscope.store.watched import Outcome, came_of, remember, start_watching, stop_watching, watched_folder
from padscope.workflows.watch import PATIENCE_S, SETTLE_S, Found, Watched, Watcher, remembered, seen_file
from picture_files import drawn, jpeg_bytes


@dataclass
class Share:
    """A folder of files (content, whether it is complete), with a clock, that can go away."""

    files: dict[str, tuple[str, bool, Look]] = field(default_factory=dict)
    here: bool = True
    now: float = 0.0
    writes: int = 0
    opened: list[str] = field(default_factory=list)

    def write(self, name: str, content: str, complete: bool = True) -> None:
        self.writes += 1
        self.files[name] = content, complete, Look(len(content), self.writes)

    def rename(self, old: str, new: str) -> None:
        if old in self.files:
            self.files[new] = self.files.pop(old)

    def listing(self, folder: Path, settled: Mapping[str, Look]) -> dict[str, Look] | None:
        return {n: look for n, (_, _, look) in self.files.items()} if self.here else None

    def open(self, path: Path) -> Finding:
        if not self.here or path.name not in self.files:
            raise FileNotFoundError(path)
        content, complete, look = self.files[path.name]
        self.opened.append(content)
        return Finding(look, sha(content)) if complete else Finding(look, trouble="is incomplete")

    def watcher(self, watched: Watched | None = None) -> Watcher:
        return Watcher(Path("/share"), watched, list_folder=self.listing, open_file=self.open)


def sha(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def after(share: Share, watcher: Watcher, seconds: float, step: float = 1.0) -> list[Found]:
    found = []
    for _ in range(round(seconds / step)):
        share.now += step
        found += watcher.look(share.now)
    return found


def test_a_complete_file_is_found_once_it_rests() -> None:
    share = Share()
    watcher = share.watcher()
    share.write("a.jpg", "picture")
    assert after(share, watcher, SETTLE_S) == []
    assert after(share, watcher, 1) == [Found("a.jpg", share.files["a.jpg"][2], sha("picture"), new=True)]
    assert after(share, watcher, 500) == []
    assert share.opened == ["picture"]


def test_a_file_that_grows_is_not_opened() -> None:
    share = Share()
    watcher = share.watcher()
    for n in range(100):
        share.write("a.jpg", "x" * n, complete=n == 99)
        assert after(share, watcher, 1) == []
    assert share.opened == []
    assert [f.new for f in after(share, watcher, 5)] == [True]


def test_a_pause_in_writing_does_not_deceive() -> None:
    share = Share()
    watcher = share.watcher()
    share.write("a.jpg", "half", complete=False)
    assert after(share, watcher, PATIENCE_S / 2) == []
    share.write("a.jpg", "half and the rest")
    assert [f.sha256 for f in after(share, watcher, 5)] == [sha("half and the rest")]
    assert share.opened == ["half", "half and the rest"]  # the first half was not read again at every look


def test_what_never_becomes_complete_is_told_once() -> None:
    share = Share()
    watcher = share.watcher()
    share.write("a.jpg", "half", complete=False)
    found = after(share, watcher, 3 * PATIENCE_S)
    assert [(f.name, f.trouble, f.new) for f in found] == [("a.jpg", "is incomplete", False)]
    share.write("a.jpg", "half, copied again")
    assert [f.new for f in after(share, watcher, 5)] == [True]


def test_what_can_be_read_in_spite_of_a_doubt_is_found_in_the_end() -> None:
    share = Share()
    look = Look(5, 1)
    share.write("a.tif", "black")
    watcher = Watcher(
        Path("/share"),
        list_folder=lambda *_: {"a.tif": look},
        open_file=lambda _: Finding(look, sha("black"), "the file ends in zeros"),
    )
    assert after(share, watcher, PATIENCE_S - 1) == []
    assert [(f.new, f.trouble) for f in after(share, watcher, 5)] == [(True, "")]


def test_a_share_that_goes_and_returns() -> None:
    share = Share()
    watcher = share.watcher()
    share.write("a.jpg", "one")
    after(share, watcher, 5)
    share.here = False
    assert after(share, watcher, 100) == []
    assert watcher.watched.away_since == 6.0
    share.write("b.jpg", "two")
    share.here = True
    assert [f.name for f in after(share, watcher, 5)] == ["b.jpg"]
    assert watcher.watched.away_since is None


def test_renamed_copied_and_overwritten() -> None:
    share = Share()
    watcher = share.watcher()
    share.write("a.jpg", "one")
    after(share, watcher, 5)
    share.rename("a.jpg", "20UPGPQ2110303.jpg")
    share.write("copy.jpg", "one")
    assert [(f.name, f.new) for f in after(share, watcher, 5)] == [("20UPGPQ2110303.jpg", False), ("copy.jpg", False)]
    share.write("copy.jpg", "another module under the same name")
    assert [(f.name, f.new) for f in after(share, watcher, 5)] == [("copy.jpg", True)]


def test_what_was_settled_before_is_not_opened_again() -> None:
    share = Share()
    share.write("a.jpg", "one")
    first = share.watcher()
    after(share, first, 5)
    share.write("b.jpg", "two")
    share.opened.clear()
    again = share.watcher(Watched(settled=first.watched.settled, known=first.watched.known))
    assert [f.name for f in after(share, again, 100)] == ["b.jpg"]
    assert share.opened == ["two"]


def test_what_lies_there_can_be_passed_over() -> None:
    share = Share()
    share.write("old.jpg", "old")
    watcher = share.watcher()
    assert list(watcher.pass_over()) == ["old.jpg"]
    share.write("new.jpg", "new")
    assert [f.name for f in after(share, watcher, 100)] == ["new.jpg"]


NAMES = st.sampled_from(["a.jpg", "b.jpg", "c.jpg"])
EVENTS = st.one_of(
    st.tuples(st.just("write"), NAMES, st.sampled_from(["one", "two", "three"]), st.booleans()),
    st.tuples(st.just("rename"), NAMES, NAMES),
    st.tuples(st.just("delete"), NAMES),
    st.tuples(st.just("away")),
    st.tuples(st.just("back")),
    st.tuples(st.just("restart")),
    st.tuples(st.just("wait"), st.sampled_from([0.3, 1.0, 2.0, 5.0, 70.0])),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, max_size=30))
def test_any_order_of_events(events: list[tuple]) -> None:
    """Complete contents are found once, whatever they are called; nothing else ever; and in the end none is left out."""
    share = Share()
    watcher = share.watcher()
    found: list[Found] = []
    for event, *how in events:
        match event:
            case "write":
                name, content, complete = how
                share.write(name, content if complete else content + " (half)", complete)
            case "rename":
                share.rename(*how)
            case "delete":
                share.files.pop(how[0], None)
            case "away" | "back":
                share.here = event == "back"
            case "restart":
                watcher = share.watcher(Watched(settled=watcher.watched.settled, known=watcher.watched.known))
            case "wait":
                found += after(share, watcher, how[0], step=how[0] / 2 if how[0] < 10 else 7.0)
    share.here = True
    found += after(share, watcher, 2 * PATIENCE_S, step=3.0)
    new = [f.sha256 for f in found if f.new]
    assert len(new) == len(set(new))
    assert set(new) <= {sha(c) for c in ("one", "two", "three")}
    assert set(new) >= {sha(content) for content, complete, _ in share.files.values() if complete}
    told = [(f.name, f.look) for f in found if f.trouble]
    assert len(told) == len(set(told))
    assert {name for name, (_, complete, _) in share.files.items() if not complete} <= {name for name, _ in told}
    assert after(share, watcher, 5) == []


def test_a_real_folder(tmp_path: Path) -> None:
    """Half a picture, then all of it, and files that are none."""
    whole = jpeg_bytes(drawn())
    picture = tmp_path / "VHX_000001.jpg"
    picture.write_bytes(whole[:2000])
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "VHX_000002.jpg.part").write_bytes(whole)
    (tmp_path / "folder.jpg").mkdir()
    watcher = Watcher(tmp_path)
    assert [watcher.look(t) for t in (0.0, 3.0, 6.0)] == [[], [], []]
    picture.write_bytes(whole)
    assert watcher.look(9.0) == []
    (found,) = watcher.look(12.0)
    assert found.new
    assert found.sha256 == hashlib.sha256(whole).hexdigest()
    assert watcher.look(15.0) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    watcher = Watcher(tmp_path / "share")
    assert watcher.look(7.0) == []
    assert watcher.watched.away_since == 7.0
    (tmp_path / "share").mkdir()
    watcher.look(8.0)
    assert watcher.watched.away_since is None


@pytest.mark.parametrize("gone", ["deleted", "renamed"])
def test_a_file_that_goes_between_listing_and_opening(tmp_path: Path, gone: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_bytes(drawn()))
    watcher = Watcher(tmp_path)
    watcher.look(0.0)
    later = watcher._list

    def listed_then_gone(folder: Path, settled: Mapping[str, Look]) -> Mapping[str, Look] | None:
        there = later(folder, settled)
        if path.exists():
            path.rename(tmp_path / "b.jpg") if gone == "renamed" else path.unlink()
        return there

    watcher._list = listed_then_gone
    assert watcher.look(5.0) == []
    found = [f for t in (8.0, 11.0, 14.0) for f in watcher.look(t)]
    assert [f.name for f in found] == (["b.jpg"] if gone == "renamed" else [])


def test_a_project_remembers_across_restarts(tmp_path: Path) -> None:
    """Of three files one was inspected, one is damaged, one was found when the program ended: only that is found again."""
    share = Share()
    share.write("inspected.jpg", "one")
    share.write("damaged.jpg", "half", complete=False)
    with create_project(tmp_path / "p.padscope") as project:
        start_watching(project, "/share")
        watcher = share.watcher(remembered(project, Path("/share")))
        for found in after(share, watcher, 2 * PATIENCE_S):
            outcome = Outcome.DAMAGED if found.trouble else Outcome.INSPECTED
            remember(project, "/share", [seen_file(found, outcome)])
        share.write("found.jpg", "three")
        remember(project, "/share", [seen_file(f, Outcome.FOUND) for f in after(share, watcher, 5)])
    share.rename("inspected.jpg", "renamed.jpg")
    share.opened.clear()
    with open_project(tmp_path / "p.padscope") as project:
        assert watched_folder(project) == Path("/share")
        watcher = share.watcher(remembered(project, Path("/share")))
        found_again = after(share, watcher, 2 * PATIENCE_S)
        assert {(f.name, f.new) for f in found_again} == {("found.jpg", True), ("renamed.jpg", False)}
        assert "half" not in share.opened
        came_of(project, sha("three"), Outcome.INSPECTED)
        again = share.watcher(remembered(project, Path("/share")))
        assert [f.name for f in after(share, again, 5)] == ["renamed.jpg"]  # its new name was not written down
        stop_watching(project)
        assert watched_folder(project) is None
