"""The comparison of two masks: read and counted beside the window, the latest request wins."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, QRect

from vpns_engine.artifacts import read_state_info
from vpns_engine.layer_counts import classifier_of
from vpns_engine.mask_compare import HEADER, MaskComparison, Window, blocks_of, compare_masks, rows_of, states_of
from vpns_engine.mask_files import MaskFile
from vpns_engine.store import RunStore
from vpns_gui.background import Background
from vpns_gui.controllers.mapping_words import mapping_at
from vpns_gui.controllers.offers import masks_of
from vpns_gui.controllers.other_run import OtherMoment, OtherRun
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.tables import Rows
from vpns_gui.take_away import offer
from vpns_gui.views.mask_compare import MaskCompareView, OverlapSight
from vpns_gui.views.mask_pictures import MAX_MAP_SIDE
from vpns_gui.views.state_mosaic import States
from vpns_gui.views.state_pictures import BlockCounts

_SAME = "A and B are the same mask: choose another epoch, sparsity or run for one of them."


@dataclass(frozen=True)
class _Pair:
    a: OtherMoment
    b: OtherMoment


@dataclass(frozen=True)
class _Compared:
    pair: _Pair
    found: MaskComparison


@dataclass(frozen=True)
class _Part:
    pair: _Pair
    layer: str
    rect: QRect
    states: States


class MaskCompareController(QObject):
    """Compares what two pickers have chosen; nothing is read while the page is not seen."""

    def __init__(self, session: Session, view: MaskCompareView, refresh: Refresh, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._view = session, view
        self._compared: _Compared | None = None
        self._touched = False
        self.a = OtherRun(session, view.a, masks_of, self, follows=True)
        self.b = OtherRun(session, view.b, masks_of, self)
        self._counter = self._worker(self._show)
        self._mapper = self._worker(self._show_blocks)
        self._reader = self._worker(self._show_states)
        self._mark = refresh.add(view, self._compare)
        for side in (self.a, self.b):
            side.chosen.connect(lambda _moment: self._mark())
            side.refused.connect(self._refuse)
        view.a.run_requested.connect(lambda _folder: self._touch())
        view.b.run_requested.connect(lambda _folder: self._touch())
        view.layer_requested.connect(self._show_layer)
        view.layer_view.states_wanted.connect(self._read)
        session.run_changed.connect(self._change_run)
        session.level_changed.connect(lambda _level: self._mark())
        for widget, name in ((view.table, "Overlap by layer"), (view.bars, "Overlap overview")):
            offer(widget, name, table=self.rows)
        self._mark()

    def _worker(self, take: object) -> Background:
        worker = Background(self)
        worker.done.connect(take)
        worker.failed.connect(self._refuse)
        return worker

    def rows(self) -> Rows:
        """Give all numbers, in full precision."""
        return HEADER, rows_of(self._compared.found) if self._compared is not None else ()

    def _change_run(self, store: RunStore | None) -> None:
        """Show nothing of another run than the one that is open; B stays where a person chose it."""
        b = self.b.moment
        if not self._touched and b is not None and (store is None or b.store.folder != store.folder):
            self.b.close()
        if self._compared is not None and self.a.moment != self._compared.pair.a:
            self._forget()
            self._view.set_comparison(None)
        self._mark()

    def _touch(self) -> None:
        self._touched = True

    def _begin(self) -> None:
        """Choose the first mask of the level as B, until a person chooses: how far the mask has moved since."""
        store = self._session.store
        self.a.look()
        self.b.look()
        if store is not None and self.b.moment is None and not self._touched:
            self.b.choose_run(store.folder)
            self.b.choose_place(0)

    def _compare(self) -> None:
        if self.b.moment is None:
            self._begin()
        a, b = self.a.moment, self.b.moment
        if a is None or b is None:
            self._forget()
            self._view.set_comparison(None, self._missing() if a is None else "")
        else:
            self._counter.start(partial(_compare, _Pair(a, b)))

    def _missing(self) -> str:
        """Say why there is no mask of what the window shows; nothing where no run is open."""
        history, level = self._session.history, self._session.level
        if history is None:
            return ""
        if masks_of(history, level):
            return "A: the masks of this sparsity were not kept (File > Keeping). Choose another run for it."
        return "A: there is no mask here, or none yet. Choose another sparsity, or another run for it."

    def _forget(self) -> None:
        for worker in (self._counter, self._mapper, self._reader):
            worker.drop()
        self._compared = None

    def _refuse(self, why: str) -> None:
        self._forget()
        self._view.set_comparison(None, f"{why[:1].upper()}{why[1:]}.".replace("..", "."))

    def _show(self, compared: _Compared) -> None:
        self._compared = compared
        self._view.set_comparison(_sight(compared))

    def _show_layer(self, name: str) -> None:
        found = self._compared
        if found is None:
            return
        row = next(layer for layer in found.found.layers if layer.name == name)
        shape = found.found.shapes[name]
        self._view.layer_view.set_layer(row, shape, _kernels(shape))
        self._mapper.start(partial(_blocks, found.pair, name))

    def _show_blocks(self, counts: BlockCounts) -> None:
        self._view.layer_view.set_counts(counts)

    def _read(self, rect: QRect) -> None:
        name = self._view.layer
        if self._compared is not None and name is not None and not rect.isEmpty():
            self._reader.start(partial(_states, self._compared.pair, name, rect))

    def _show_states(self, part: _Part) -> None:
        if self._compared is not None and part.pair == self._compared.pair and part.layer == self._view.layer:
            self._view.layer_view.set_states(part.rect, part.states)


def _compare(pair: _Pair) -> _Compared:
    classifier = classifier_of(pair.a.store.config.model.architecture)
    with MaskFile.open(pair.a.path) as a, MaskFile.open(pair.b.path) as b:
        used = {*_used(pair.a), *_used(pair.b)}
        return _Compared(pair, compare_masks(a, b, classifier, used))


def _used(moment: OtherMoment) -> Collection[int]:
    """Give the pre-trained classes that a class of the task uses."""
    if moment.offer.has_state:
        return read_state_info(moment.path).mapping
    level = moment.history.levels.get(moment.level)
    mapped = mapping_at(level, moment.offer.moment) if level is not None else None
    return mapped.sources if mapped is not None else ()


def _blocks(pair: _Pair, layer: str) -> BlockCounts:
    with MaskFile.open(pair.a.path) as a, MaskFile.open(pair.b.path) as b:
        found = blocks_of(a, b, layer, MAX_MAP_SIDE)
    return BlockCounts(found.only_a, found.only_b, found.both, found.numel, found.out_block, found.in_block)


def _states(pair: _Pair, layer: str, rect: QRect) -> _Part:
    window = Window(rect.y(), rect.height(), rect.x(), rect.width())
    with MaskFile.open(pair.a.path) as a, MaskFile.open(pair.b.path) as b:
        return _Part(pair, layer, rect, states_of(a, b, layer, window))


def _kernels(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """See a weight's shape as kernels: output channels, input channels, height, width."""
    match shape:
        case ():
            return 1, 1, 1, 1
        case (num_in,):
            return 1, num_in, 1, 1
        case (num_out, num_in):
            return num_out, num_in, 1, 1
        case (num_out, num_in, width):
            return num_out, num_in, 1, width
        case _:
            num_weights = 1
            for side in shape[3:]:
                num_weights *= side
            return shape[0], shape[1], shape[2], num_weights


def _sight(compared: _Compared) -> OverlapSight:
    found, pair = compared.found, compared.pair
    notes = [f"Left out, its classes differ: {line}" for line in found.left_out]
    if pair.a.store.folder == pair.b.store.folder and pair.a.offer.path == pair.b.offer.path:
        notes.append(_SAME)
    if pair.a.store.config.model.architecture != pair.b.store.config.model.architecture:
        notes.append("A and B are runs of different networks whose layers have the same names and shapes.")
    return OverlapSight(
        layers=found.layers,
        total=found.total,
        total_used=found.total_used,
        num_unused=found.num_rows - found.num_used_rows,
        notes=tuple(notes),
    )
