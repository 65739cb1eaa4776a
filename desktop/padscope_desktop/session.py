"""The open work and its signals; with its helpers the only starter of jobs. What a person wants comes in as a call, what changed
goes out as a signal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from padscope.boards.layout import Layout
from padscope.types import Scale
from padscope_desktop import settings, stock
from padscope_desktop.album import Album, Entry
from padscope_desktop.background.jobs import Job, Jobs
from padscope_desktop.background.keeper import Keeper
from padscope_desktop.background.payloads import DetectorCard, Device, ModelCard, Thumbnail
from padscope_desktop.background.protocol import Fault, WorkerDeath
from padscope_desktop.boards_at_hand import BoardsAtHand
from padscope_desktop.display import Display
from padscope_desktop.errands import Errands
from padscope_desktop.inspecting.board import Board
from padscope_desktop.inspecting.inspecting import Clicks, Inspecting
from padscope_desktop.inspecting.judging import Judging
from padscope_desktop.inspecting.together import Together, lines_of
from padscope_desktop.labels.labelling import Labelling
from padscope_desktop.labels.rejudging import Rejudging
from padscope_desktop.messages import Choice, about_death, about_fault
from padscope_desktop.opening import Opening
from padscope_desktop.thumbnails import Thumbnails
from padscope_desktop.watching import Watching

KEPT_RUNNING = ("warm_up", "detectors", "load_readers")
"""Commands that have nothing to do with the project that is open."""


class Session(QObject):
    """Signals say that something changed; what it is now stands in the fields of the same name.

    project_changed() · saved_as(): the same under another name · contents_read(): of a project just opened · album_changed() ·
    entry_changed(key) · current_changed() · layout_changed() · model_changed() · device_changed() ·
    detectors_changed() · said(Message) · settled(topic): that message is over ·
    mentioned(words for the status bar) · pose_wanted(key): a person should click the marks of that picture.
    """

    project_changed = Signal()
    saved_as = Signal()
    contents_read = Signal()
    album_changed = Signal()
    entry_changed = Signal(int)
    current_changed = Signal()
    layout_changed = Signal()
    model_changed = Signal()
    device_changed = Signal()
    detectors_changed = Signal()
    said = Signal(object)
    settled = Signal(str)
    mentioned = Signal(str)
    pose_wanted = Signal(int)

    def __init__(self, jobs: Jobs, keeper: Keeper, cache: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = jobs
        self.keeper = keeper
        self.cache = cache
        self.display = Display(jobs, cache, self)
        self.judging = Judging(jobs, self)
        self.boards = BoardsAtHand(self)
        self.inspecting = Inspecting(self)
        self.together = Together(self)
        self.errands = Errands(self)
        self.watching = Watching(self)
        self.thumbnails = Thumbnails(jobs, cache, self._on_thumbnail, self._on_unreadable)
        self.labelling = Labelling(self)
        self.rejudging = Rejudging(self, self.labelling)
        self.album = Album()
        self.current: int | None = None
        self.project: Path | None = None
        self.named = False
        self.operator = ""  # who is working, as typed
        self.layout: Layout | None = None
        self.model: ModelCard | None = None
        self.device: Device | None = None
        self.detectors: tuple[DetectorCard, ...] = ()
        self._early: list[Path] = []  # dropped before any project was open
        self._unnamed: list[Path] = []  # where a project without a name may lie
        self._wish = 0  # which project was asked for last
        self.opening = Opening(self)
        self.judging.judged.connect(self._on_judged)
        self.judging.settled.connect(self.boards.store)
        self.judging.repainted.connect(self.boards.store)
        self.judging.failed.connect(self._on_not_judged)
        jobs.worker_died.connect(self._on_worker_died)

    # Projects

    def open_project(self, path: Path, *, create: bool = False) -> None:
        self.judging.finish()
        self._wish += 1
        done = partial(self._on_opened, self._wish, path, True)
        self.keeper.open(path, create=create, done=done, failed=partial(self._on_not_opened, self._wish))

    def open_unnamed(self, places: list[Path]) -> None:
        """A project that nobody has named yet: everything is saved from the first picture on."""
        self._wish, self._unnamed = self._wish + 1, places
        done = partial(self._on_unnamed_opened, self._wish)
        self.keeper.open_first_free(places, done=done, failed=partial(self._say, "project", "Nothing can be saved."))

    def _on_not_opened(self, wish: int, fault: Fault) -> None:
        self._say("project", "The project was not opened.", fault)
        if wish == self._wish and self.project is None:  # the unnamed one was given up for it
            self.open_unnamed(self._unnamed)

    def save_as(self, path: Path) -> None:
        """A whole copy under a name, which is worked on from now on; an unnamed project exists no more after that."""
        self.judging.finish()
        self._wish += 1
        self.keeper.move_to(
            path,
            done=partial(self._on_saved_as, path),
            failed=partial(self._say, "project", "The project was not saved under the new name."),
        )

    def _on_saved_as(self, path: Path, _: Any) -> None:
        before, named = self.project, self.named
        self.project, self.named = path, True
        self.saved_as.emit()
        self.mentioned.emit(f"Saved as {path.name}")
        if before is not None and not named:
            self.keeper.ask(partial(stock.discard, other=before))

    def _on_unnamed_opened(self, wish: int, path: Path) -> None:
        self._on_opened(wish, path, False, None)

    def _on_opened(self, wish: int, path: Path, named: bool, _: Any) -> None:
        if wish != self._wish:
            return  # another one was asked for meanwhile, and the keeper has let go of this one
        if self.project is not None:
            self._leave()
        self.keeper.switch()
        self.project, self.named = path, named
        if named:
            self.settled.emit("project")
        self.project_changed.emit()
        self.keeper.ask(
            stock.contents,
            done=self._on_contents,
            failed=partial(self._say, "project", "The project could not be read."),
        )

    def _leave(self) -> None:
        """Nothing of the project before may show in the next one. (Before the first there is nothing to leave, but perhaps
        a person has begun already.)"""
        for job in self.jobs.active():
            if job.command not in KEPT_RUNNING:
                self.jobs.cancel(job)
        for topic in ("picture", "judge", "store", *(f"inspect {key}" for key in self.album.entries)):
            self.settled.emit(topic)
        self.watching.leave()
        self.thumbnails.forget()
        self.judging.settle()  # still into the old project
        self.judging.drop()
        self.judging.set_factor(1.0)
        self.album, self.current = self.album.emptied(), None
        self.layout, self.model = None, None
        self.display.forget()
        self.boards.clear()
        self.inspecting.forget()
        for changed in (self.album_changed, self.current_changed, self.layout_changed, self.model_changed):
            changed.emit()

    def _on_contents(self, contents: stock.Contents) -> None:
        for picture in contents.pictures:
            entry = self.album.add(Path(picture.path)) or self.album.at(Path(picture.path))  # the newest of a file
            if entry is not None:
                entry.sha256, entry.counts, entry.inspection = picture.sha256, picture.counts, picture.inspection
                entry.module = picture.module or entry.module
                entry.own_scale, entry.signed_by = picture.own_scale, picture.signed_by
                entry.together = picture.together
        for entry in self.album.entries.values():
            self.thumbnails.fetch(entry)
        self.album_changed.emit()
        self.judging.set_factor(contents.factor)
        if contents.rules is not None:
            self.judging.set_rules(contents.rules)
        if contents.layout is not None and self.layout is None:
            self.layout = contents.layout
            self.layout_changed.emit()
        if contents.model is not None and self.model is None:
            self.choose_model(contents.model, remember=False)
        self.contents_read.emit()
        early, self._early = self._early, []
        if early:
            self.add_pictures(early)
        first = next(iter(self.album.entries), None)
        if first is not None and self.current is None:
            self.show(first)
        self.watching.resume(contents.folder, contents.watched)

    # Pictures

    def add_pictures(self, paths: Iterable[Path]) -> list[int]:
        """Files, or folders of pictures; those that are here already are not added again. Returns their keys."""
        if self.project is None:
            self._early += paths
            return []
        added = [entry for path in stock.picture_files(paths) if (entry := self.album.add(path)) is not None]
        if not added:
            self.mentioned.emit("No new pictures there")
            return []
        self.album_changed.emit()
        self.show(added[0].key)
        for entry in added:
            self.thumbnails.fetch(entry)
        return [e.key for e in added]

    def take_picture(self, path: Path, sha256: str) -> int:
        """A file of a watched folder: a new picture, or a new one under the name of an old one. What is on the screen stays."""
        entry = self.album.add(path)
        if entry is None:
            entry = self.album.at(path)
            assert entry is not None
            if entry.sha256 not in ("", sha256):
                self._renew(entry)
        self.album_changed.emit()
        self.entry_changed.emit(entry.key)
        if entry.thumbnail is None:
            self.thumbnails.fetch(entry)
        if self.current in (None, entry.key):
            self.show(entry.key)
        return entry.key

    def _renew(self, entry: Entry) -> None:
        """Another picture lies under the name of an old one: nothing that is known of the old one holds for it."""
        if self.current == entry.key:
            self.judging.set_board(None)  # first, so that nobody takes the old verdicts for the new picture's
        entry.forget()
        self.boards.forget(entry.key)
        self.display.drop(entry.key)
        self.opening.forget_bar(entry.path)

    def renew_board(self, key: int) -> None:
        """The project has another inspection of a picture than the one at hand."""
        self.boards.forget(key)
        self.entry_changed.emit(key)
        if key == self.current:
            self.show(key)

    def set_module(self, key: int, module: str) -> None:
        """The serial number of the board on a picture, as typed or scanned and found right."""
        entry = self.album.entries[key]
        entry.module = module
        self.entry_changed.emit(key)
        if entry.sha256:
            self.keeper.ask(
                partial(stock.store_module, sha256=entry.sha256, module=module),
                failed=partial(self._say, "store", "The serial number was not saved."),
            )

    def _on_thumbnail(self, key: int, thumbnail: Thumbnail) -> None:
        entry = self.album.entries.get(key)
        if entry is None:
            return
        known = entry.sha256 == thumbnail.card.sha256
        overwritten = not known and bool(entry.sha256)
        if overwritten:
            self._renew(entry)
        entry.card, entry.thumbnail, entry.sha256, entry.missing = thumbnail.card, thumbnail, thumbnail.card.sha256, ""
        self.entry_changed.emit(key)
        self.inspecting.picture_read(entry)
        if not known:
            self.keeper.ask(
                partial(stock.store_picture, card=thumbnail.card, module=entry.module),
                failed=partial(self._say, "store", f"{entry.name} was not saved in the project."),
            )
        if overwritten and self.current == key:
            self.show(key)

    def _on_unreadable(self, key: int, fault: Fault) -> None:
        entry = self.album.entries.get(key)
        if entry is not None:
            entry.missing = fault.sentence
            self.entry_changed.emit(key)
            self.inspecting.picture_unreadable(key, fault)

    def show(self, key: int) -> None:
        """Make this the current picture: its overview arrives first, then all its pixels, and its last inspection."""
        entry = self.album.entries[key]
        self.judging.set_board(None)
        self.current = key
        self.current_changed.emit()
        self.settled.emit("picture")
        self.display.show(key, entry.path)
        board = self.boards.of(key)
        if board is not None:
            self.judging.set_board(board, fixed=bool(entry.signed_by))
        elif entry.inspection:
            self.keeper.ask(
                partial(stock.board, inspection=entry.inspection, key=key, picture=entry.sha256),
                done=self._on_board,
                failed=partial(self._say, "store", f"The inspection of {entry.name} cannot be read."),
            )

    def set_scale(self, key: int, scale: Scale | None) -> None:
        """What a person says of a picture's scale; None takes it back, then the file's holds again."""
        entry = self.album.entries.get(key)
        if entry is None or not entry.sha256 or entry.card is None:
            self.mentioned.emit("The picture is still being read; set its scale in a moment")
            return
        entry.own_scale = scale
        self.entry_changed.emit(key)
        if entry.counts is not None:
            self.mentioned.emit("The scale is changed; inspect the picture again, so that its pads follow")
        self.keeper.ask(
            partial(stock.store_scale, sha256=entry.sha256, scale=scale or entry.card.scale, author=self.operator),
            failed=partial(self._say, "store", f"The scale of {entry.name} was not saved."),
        )

    def _on_board(self, board: Board) -> None:
        if board.key == self.current and self.judging.board is None:
            self.judging.set_board(board, fixed=bool(self.album.entries[board.key].signed_by))

    # Layout and model

    def choose_layout(self, path: Path) -> None:
        self.jobs.start(
            "read_layout",
            path,
            title=f"Reading {path.name}",
            lane="quick",
            slot="layout",
            retries=1,
            done=self.use_layout,
            failed=partial(self._say, "layout", f"{path.name} is not the layout of a board."),
        )

    def use_layout(self, layout: Layout) -> None:
        """Inspections judge its pads from now on."""
        self.layout = layout
        self.settled.emit("layout")
        self.layout_changed.emit()
        self.keeper.ask(
            partial(stock.store_layout, layout=layout), failed=partial(self._say, "store", "The layout was not saved.")
        )

    def choose_model(self, path: Path, *, remember: bool = True) -> None:
        self.jobs.start(
            "read_model",
            path,
            title=f"Checking {path.name}",
            lane="quick",
            slot="model",
            retries=1,
            done=partial(self._on_model, remember),
            failed=partial(self._say, "model", f"{path.name} is not a model that can be used."),
        )

    def _on_model(self, remember: bool, model: ModelCard) -> None:
        self.model = model
        self.settled.emit("model")
        self.model_changed.emit()
        if remember:
            self.keeper.ask(
                partial(stock.store_model, path=model.path),
                failed=partial(self._say, "store", "The model was not saved."),
            )

    def warm_up(self) -> None:
        """What is heavy is loaded in the background, after the window is on the screen."""
        for lane in ("quick", "list"):
            self.jobs.start("load_readers", title="Loading what reads pictures", lane=lane, shown=False, retries=1)
        self.jobs.start("warm_up", title="Starting the networks", shown=False, retries=1, done=self._on_device)

    def _on_device(self, device: Device) -> None:
        self.device = device
        self.device_changed.emit()
        if not self.detectors:
            self.jobs.start("detectors", title="Listing detectors", shown=False, retries=1, done=self._on_detectors)

    def _on_detectors(self, detectors: tuple[DetectorCard, ...]) -> None:
        self.detectors = detectors
        self.detectors_changed.emit()

    def train(
        self, keys: Iterable[int], detector: str, values: Mapping[str, Any], out: Path, promise: Mapping[str, Any]
    ) -> Job | None:
        """On pictures of sound boards; the new model is chosen when it is there."""
        if self.layout is None:
            return None
        paths = [self.album.entries[k].path for k in keys]
        self.settled.emit("train")
        return self.jobs.start(
            "train",
            paths,
            self.layout,
            detector,
            dict(values),
            out,
            dict(promise),
            title=f"Training {out.stem}",
            slot="train",
            done=self._on_trained,
            failed=partial(self._say, "train", "Training came to nothing; the model in use stays."),
            cancelled=partial(self.mentioned.emit, "Training cancelled; nothing was written"),
            lasting=True,
        )

    def _on_trained(self, model: ModelCard) -> None:
        self.mentioned.emit(" ".join((f"Model {model.name} is trained and in use.", *model.notes)).rstrip("."))
        self._on_model(True, model)

    @property
    def models_folder(self) -> Path:
        """Beside the project."""
        return self.project.parent if self.project is not None else settings.data_folder()

    # Inspecting

    @property
    def can_inspect(self) -> bool:
        return self.layout is not None and self.model is not None and len(self.album) > 0

    def inspect(self, keys: Iterable[int], clicks: Clicks | None = None) -> None:
        """Each in turn, in the background. `clicks`: fiducials by name, px, where the board was not found."""
        if self.layout is not None and self.model is not None:
            self.inspecting.start(keys, self.layout, self.model, clicks)

    def take_board(self, board: Board) -> None:
        """The newest verdicts of a picture: into the list and into the project. They come from the file as it is now: another
        picture under the old name is looked at anew."""
        entry = self.album.entries.get(board.key)
        if entry is None:
            return
        now = board.pad_map.pictures()[board.picture].sha256
        overwritten = entry.sha256 not in ("", now)
        if overwritten:
            self._renew(entry)
            entry.sha256 = now
        self.boards.store(board)
        self._on_judged(board)
        if overwritten:
            self.thumbnails.fetch(entry)
            self.mentioned.emit(f"{entry.name} is another picture than before; the verdicts are the new one's")
            if self.current == entry.key:
                self.show(entry.key)

    @Slot(object)
    def _on_judged(self, board: Board) -> None:
        for entry in lines_of(board, self.album) if board.key in self.album.entries else ():
            entry.counts = board.pad_map.counts()
            self.entry_changed.emit(entry.key)

    @Slot(object)
    def _on_not_judged(self, fault: Fault) -> None:
        self._say("judge", "The verdicts could not be renewed.", fault)

    # Saying

    def _say(self, topic: str, what: str, fault: Fault) -> None:
        self.said.emit(about_fault(topic, what, fault))

    @Slot(object)
    def _on_worker_died(self, death: WorkerDeath) -> None:
        self.judging.worker_is_new()
        failed = [e.key for e in self.album.entries.values() if e.failed and death.job == f"Inspecting {e.name}"]
        again = Choice("Inspect again", partial(self.inspect, failed)) if failed else None
        for key in failed:
            self.settled.emit(f"inspect {key}")
        self.said.emit(about_death(death, again))

    def close(self) -> None:
        """Everything that was asked for is on disk when this returns."""
        self.watching.leave()
        self.judging.finish()
        self.jobs.close()
        self.labelling.outbox.journal.close()  # while the project is ours
        self.keeper.close()
        self.display.forget()
