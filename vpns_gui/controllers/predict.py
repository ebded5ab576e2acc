"""Predict: a run's saved state or an export on a folder of pictures, beside the window; rows arrive as they are known."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, Signal
from PySide6.QtWidgets import QFileDialog

from vpns_engine.events import Event, LevelSaved
from vpns_engine.files import expanded
from vpns_engine.history import RunHistory
from vpns_engine.looking import Stage
from vpns_engine.saved_states import saved_name
from vpns_engine.store import RunStore, is_run
from vpns_engine.words import printable, sparsity_of
from vpns_gui.background import Background
from vpns_gui.controllers.thumbnails import Thumbnails
from vpns_gui.models.predicted_table import PredictedRow, cells_of, header
from vpns_gui.preload import TorchImport
from vpns_gui.session import Session
from vpns_gui.settings import Settings
from vpns_gui.tables import Rows
from vpns_gui.take_away import offer
from vpns_gui.views.predict import PredictView, SubjectChoice
from vpns_gui.views.predict_cells import LOADED_PX

if TYPE_CHECKING:
    from vpns_engine.predicting import Prediction

TOP = 3
"""Classes that are kept of each picture."""
_BATCH_SECONDS = 0.2
_RECENT = "predict-subjects"
_MOST_RECENT = 8


@dataclass(frozen=True)
class StateKey:
    """A saved state of a run."""

    folder: Path
    level: int
    stage: Stage


Key = StateKey | Path
"""A saved state of the open run, or the folder of an export or of another run."""


@dataclass(frozen=True)
class Wish:
    """What is to be tried on what."""

    subject: Key
    pictures: Path
    inner: bool


@dataclass(frozen=True)
class _Opened:
    name: str
    has_prompt: bool


@dataclass
class _Counts:
    pictures: int = 0
    changed: int = 0
    broken: int = 0

    def take(self, rows: Sequence[PredictedRow]) -> None:
        self.pictures += len(rows)
        self.changed += sum(row.changed for row in rows)
        self.broken += sum(bool(row.problem) for row in rows)


class Predictor(Background):
    """Predicts the pictures of a folder; `done` gives whether it came to the end."""

    opened = Signal(object)
    """The network is there."""
    arrived = Signal(object)
    """Further rows (a list of PredictedRow)."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._left = Flag()

    def predict(self, wish: Wish) -> None:
        """Begin."""
        self._left = Flag()
        self.start(partial(self._predict, wish, self._left))

    def leave(self) -> None:
        """Leave off after the picture that is at work; what has come stays."""
        self._left.set()

    def close(self) -> None:
        """Leave off, and wait for that; nothing is delivered any more."""
        self.leave()
        super().close()

    def _predict(self, wish: Wish, left: Flag) -> bool:
        from vpns_engine.predicting import open_subject, predict_folder

        self.report("Opening the network", None)
        with TorchImport() as torch_import:
            if isinstance(wish.subject, StateKey):
                subject = open_subject(wish.subject.folder, level=wish.subject.level, stage=wish.subject.stage)
            else:
                subject = open_subject(wish.subject)
            torch_import.look()
        found = predict_folder(
            subject, wish.pictures, top=TOP, recursive=wish.inner, report=self.report, cancelled=left.is_set
        )
        self.opened.emit(_Opened(subject.name, subject.has_prompt))
        rows: list[PredictedRow] = []
        due = time.monotonic()  # the first one comes at once
        for prediction in found:
            rows.append(_row(prediction, wish.pictures))
            if time.monotonic() >= due:
                self.arrived.emit(rows)
                rows, due = [], time.monotonic() + _BATCH_SECONDS
        self.arrived.emit(rows)
        return not left.is_set()


class PredictController(QObject):
    """Offers networks and folders, and shows what comes out."""

    show_requested = Signal()
    """The page is to be seen."""

    def __init__(self, session: Session, view: PredictView, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._view, self._settings = session, view, settings
        self._recent = _paths(settings.kept(_RECENT))
        self._chosen: Key | None = None
        self._by_hand = False
        self._opened: _Opened | None = None
        self._counts = _Counts()
        self._work = Predictor(self)
        self._work.opened.connect(self._begin)
        self._work.arrived.connect(self._take)
        self._work.reported.connect(lambda told: view.set_progress(*told))
        self._work.done.connect(self._finish)
        self._work.failed.connect(self._fail)
        self._work.busy_changed.connect(view.set_working)
        Thumbnails(view.pictures, LOADED_PX, self)
        view.subject_requested.connect(self._choose)
        view.subject_folder_requested.connect(self._ask_subject)
        view.pictures_requested.connect(self._ask_pictures)
        view.pictures_typed.connect(lambda _text: self._update())
        view.start_requested.connect(self.start)
        view.cancel_requested.connect(self._work.leave)
        view.dropped.connect(self.take)
        for changed in (session.run_changed, session.level_changed):
            changed.connect(lambda _now: self._offer())
        session.told.connect(self._hear)
        for widget in (view.table, view.sheet):
            offer(widget, "Predictions", table=self.rows)
        self._offer()

    def show(self) -> None:
        """Bring the page to the front, ready for a folder."""
        self.show_requested.emit()
        (self._view.start if self._view.start.isEnabled() else self._view.folder).setFocus()

    def take(self, path: Path) -> None:
        """Take a run or an export as what is tried, any other folder or file as the pictures."""
        if self._work.busy:
            return
        if is_export(path) or is_run(path):
            self.take_subject(path)
        else:
            self._set_pictures(path)

    def take_subject(self, folder: Path) -> None:
        """Try an export or a run."""
        folder = folder.absolute()
        self._recent = [folder, *(path for path in self._recent if path != folder)][:_MOST_RECENT]
        self._settings.keep(_RECENT, QByteArray("\n".join(map(str, self._recent)).encode("utf-8", "surrogateescape")))
        self._by_hand, self._chosen = True, folder
        self._offer()
        self.show_requested.emit()

    def start(self) -> None:
        """Predict."""
        pictures = self._view.folder.text().strip()
        if self._chosen is not None and pictures and not self._work.busy:
            self._view.clear(has_prompt=True)
            self._view.set_note("")
            self._opened, self._counts = None, _Counts()
            self._view.set_count("")
            self._view.set_progress("", None)
            self._work.predict(Wish(self._chosen, expanded(pictures), self._view.inner.isChecked()))

    def rows(self) -> Rows:
        """Give all rows as `vpns predict` writes them."""
        has_prompt = self._opened is None or self._opened.has_prompt
        rows = [cells_of(row, TOP, has_prompt=has_prompt) for row in self._view.rows.rows]
        return header(TOP, has_prompt=has_prompt), rows

    def _hear(self, told: Event) -> None:
        if isinstance(told, LevelSaved):
            self._offer()

    def _offer(self) -> None:
        """List the states of the open run, then what was tried before."""
        store, history = self._session.store, self._session.history
        choices = [] if store is None or history is None else states_of(store, history)
        states = [choice.key for choice in choices]
        choices += [SubjectChoice(path, _short(path), str(path)) for path in self._recent]
        if not self._by_hand or self._chosen not in [choice.key for choice in choices]:
            self._by_hand = False
            here = [key for key in states if isinstance(key, StateKey) and key.level == self._session.level]
            self._chosen = next(iter([*here[::-1], *states[::-1], *self._recent[:1]]), None)  # type: ignore[assignment]
        self._view.set_subjects(choices, self._chosen)
        self._update()

    def _choose(self, key: Key) -> None:
        self._by_hand, self._chosen = True, key
        self._update()

    def _update(self) -> None:
        missing = "Choose a network first" if self._chosen is None else "Choose a folder of pictures first"
        possible = self._chosen is not None and bool(self._view.folder.text().strip())
        self._view.set_possible(possible, "" if possible else missing)

    def _ask_subject(self) -> None:
        start = self._settings.folder("predict-subject", Path.home())
        self._ask("predictSubjectDialog", "Choose the folder of an export or of a run", start, self._take_asked)

    def _take_asked(self, folder: str) -> None:
        self._settings.remember_folder("predict-subject", Path(folder).parent)
        self.take_subject(Path(folder))

    def _ask_pictures(self) -> None:
        start = self._settings.folder("predict-pictures", Path.home())
        self._ask("predictFolderDialog", "Choose a folder of pictures", start, lambda folder: self._set_pictures(Path(folder)))

    def _ask(self, name: str, title: str, start: Path, take: object) -> None:
        dialog = QFileDialog(self._view.window(), title, str(start))
        dialog.setObjectName(name)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(take)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _set_pictures(self, path: Path) -> None:
        self._settings.remember_folder("predict-pictures", path)
        self._view.set_pictures(str(path))
        self._update()

    def _begin(self, opened: _Opened) -> None:
        self._opened = opened
        self._view.clear(has_prompt=opened.has_prompt)

    def _take(self, rows: list[PredictedRow]) -> None:
        self._counts.take(rows)
        self._view.append(rows)
        self._view.set_count(self._words())

    def _words(self) -> str:
        counts = self._counts
        parts = ["1 picture" if counts.pictures == 1 else f"{counts.pictures:,} pictures"]
        parts += [f"{counts.changed:,} changed by the prompt"] if self._opened is not None and self._opened.has_prompt else []
        parts += [f"{counts.broken:,} could not be read"] if counts.broken else []
        return " · ".join(parts)

    def _finish(self, whole: bool) -> None:
        name = printable(self._opened.name) if self._opened is not None else ""
        self._view.set_note(f"{'' if whole else 'Cancelled; what was done stays. '}Predicted by {name}")

    def _fail(self, why: str) -> None:
        self._view.set_note(f"{why[:1].upper()}{why[1:]}", bad=True)


def states_of(store: RunStore, history: RunHistory) -> list[SubjectChoice]:
    """Name the saved states of the open run; of a stage that went on, the last."""
    found: dict[StateKey, SubjectChoice] = {}
    for number in sorted(history.levels):
        for saved in history.levels[number].saved:
            stage: Stage = "finetune" if history.phases[saved.phase].info.kind == "finetune" else "search"
            key = StateKey(store.folder, number, stage)
            label = f"This run, sparsity {sparsity_of(history.levels[number].density)}: {saved_name(history, saved)}"
            found[key] = SubjectChoice(key, label, store.folder.name)
    return list(found.values())


def is_export(path: Path) -> bool:
    """Tell the folder of an export."""
    return (path / "labels.json").is_file() and (path / "preprocessing.json").is_file()


def _row(prediction: "Prediction", folder: Path) -> PredictedRow:
    path = prediction.path
    name = str(path.relative_to(folder)) if path != folder else path.name
    return PredictedRow(path, name, prediction.plain, prediction.prompted, prediction.problem)


def _short(path: Path) -> str:
    """Name a folder by its last parts."""
    return printable("/".join(path.parts[-3:]))


def _paths(kept: QByteArray | None) -> list[Path]:
    text = bytes(kept.data()).decode("utf-8", "surrogateescape") if kept is not None else ""
    return [path for line in text.splitlines() if line for path in (Path(line),) if is_export(path) or is_run(path)]
