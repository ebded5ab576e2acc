"""Timeline of a run: its levels, the phases of one of them, overall progress and time left."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from vpns_engine.history import RunHistory
from vpns_gui import theme
from vpns_gui.theme import Colours
from vpns_gui.views.phase_cell import LevelChip, PhaseCell, state_colour
from vpns_gui.views.timeline_words import LevelLine, RunState, State, current_level, level_lines, progress_text, state_of

_STEPS = 1000


class TimelineView(QWidget):
    """Phases as a strip. Of several levels, the one worked on is shown until a person chooses another."""

    level_requested = Signal(int)
    """A person chose a level; its phases are shown already."""
    share_changed = Signal(str)
    """How much of the run is done, as it is read; empty: no run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("timeline")
        self.setAccessibleName("Progress of the run")
        self._history: RunHistory | None = None
        self._chosen: int | None = None
        self._chips: list[LevelChip] = []
        self._cells: list[PhaseCell] = []
        self._state: State = "waiting"
        self._run_state: RunState | None = None
        self._share = ""
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(lambda place: self._choose(self._chips[place].level))
        self._lay_out()
        theme.follow(self, self._recolour)
        self.set_history(None, 0.0)

    def _lay_out(self) -> None:
        self._levels_row = QWidget(self)
        self._levels = QHBoxLayout(self._levels_row)
        self._levels.setContentsMargins(0, 0, 0, 0)
        self._levels.setSpacing(6)
        self._levels.addWidget(QLabel("Sparsity levels", self._levels_row))
        self._levels.addStretch(1)
        self._scroll = QScrollArea(self)
        self._scroll.setWidget(self._levels_row)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._strip = QHBoxLayout()
        self._strip.setSpacing(6)
        self._bar = QProgressBar(self)
        self._bar.setObjectName("runProgress")
        self._bar.setAccessibleName("Done share of the run")
        self._bar.setToolTip("Share of the whole run that is done, by iterations")
        self._bar.setFixedHeight(18)
        self._text = QLabel(self)
        self._text.setObjectName("timeLeft")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        bottom = QHBoxLayout()
        bottom.setSpacing(10)
        bottom.addWidget(self._bar, 3)
        bottom.addWidget(self._text, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(6)
        layout.addWidget(self._scroll)
        layout.addLayout(self._strip)
        layout.addLayout(bottom)

    def set_history(self, history: RunHistory | None, now: float, state: RunState | None = None) -> None:
        """Show how a run stands at time `now` (seconds since 1970); None: no run.

        `state` is how the run stands in truth; without it the events are believed.
        """
        if history is not self._history:
            self._history, self._chosen = history, None
        self._run_state = state or (state_of(history) if history is not None else None)
        lines = level_lines(history, self._run_state) if history is not None else ()
        self._match_levels(lines)
        shown = self._shown_level(lines)
        self._match_phases(shown)
        self._scroll.setVisible(len(lines) > 1)
        self._show_progress(history, now)

    def set_level(self, level: int | None) -> None:
        """Show the phases of one level; None follows the run."""
        self._chosen = level
        if self._history is not None:
            lines = level_lines(self._history, self._run_state)
            self._match_phases(self._shown_level(lines))

    def _shown_level(self, lines: tuple[LevelLine, ...]) -> LevelLine | None:
        if self._history is None or not lines:
            return None
        wanted = self._chosen if self._chosen is not None else current_level(self._history)
        shown = next((line for line in lines if line.level == wanted), lines[0])
        for chip in self._chips:
            if chip.level == shown.level and not chip.isChecked():
                chip.setChecked(True)
                self._scroll.ensureWidgetVisible(chip)
        return shown

    def _match_levels(self, lines: tuple[LevelLine, ...]) -> None:
        if [chip.level for chip in self._chips] != [line.level for line in lines]:
            for chip in self._chips:
                self._group.removeButton(chip)
                self._levels.removeWidget(chip)
                chip.hide()
                chip.deleteLater()
            self._chips = [LevelChip(line.level, self._levels_row) for line in lines]
            for position, chip in enumerate(self._chips):
                self._group.addButton(chip, position)
                self._levels.insertWidget(position + 1, chip)
                chip.show()  # a layout counts no hidden widget, and the height is asked for below
        for chip, line in zip(self._chips, lines, strict=True):
            chip.set_line(line)
        hint = self._levels_row.sizeHint().height()
        self._scroll.setFixedHeight(hint + (14 if len(lines) > 8 else 0))

    def _match_phases(self, shown: LevelLine | None) -> None:
        phases = shown.phases if shown is not None else ()
        while len(self._cells) < len(phases):
            cell = PhaseCell(self)
            cell.setObjectName(f"phase_{len(self._cells)}")
            self._cells.append(cell)
            self._strip.addWidget(cell)
        for index, cell in enumerate(self._cells):
            cell.setVisible(index < len(phases))
            if index < len(phases):
                cell.set_line(phases[index])

    def _show_progress(self, history: RunHistory | None, now: float) -> None:
        text = progress_text(history, now, self._run_state)
        self._text.setText(text)
        self._text.setToolTip(text)
        goes_on = history is not None and self._run_state == "running"
        preparing = history.preparing if history is not None and goes_on else None
        waiting = history is not None and goes_on and (preparing is not None or history.started is None)
        if waiting and (preparing is None or preparing.done is None):
            self._bar.setRange(0, 0)
        else:
            done = preparing.done if preparing is not None and preparing.done is not None else history.done if history else 0.0
            self._bar.setRange(0, _STEPS)
            self._bar.setValue(round(done * _STEPS))
            self._bar.setFormat(f"{done:.0%}".replace("%", " %") if history is not None else "")
        self._bar.setEnabled(history is not None)
        self._say_share("" if history is None else text if waiting else f"{self._bar.text()} · {text}".strip(" ·"))
        self._mark(_mark_of(self._run_state))

    @property
    def share(self) -> str:
        """How much of the run is done, in few words."""
        return self._share

    def _say_share(self, text: str) -> None:
        if text != self._share:
            self._share = text
            self.share_changed.emit(text)

    def _mark(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self._recolour(theme.colours())

    def _choose(self, level: int) -> None:
        self.set_level(level)
        self.level_requested.emit(level)

    def _recolour(self, scheme: Colours) -> None:
        chunk = state_colour("running" if self._state == "waiting" else self._state, scheme)
        self._bar.setStyleSheet(
            f"QProgressBar {{ border: 1px solid {scheme.border}; border-radius: 4px; background: {scheme.raised};"
            f" color: {scheme.text}; text-align: center; }}"
            f"QProgressBar::chunk {{ background: {_tint(chunk, scheme)}; border-radius: 3px; }}"
        )
        self._text.setStyleSheet(f"color: {scheme.danger if self._state == 'failed' else scheme.text}")


def _mark_of(run: RunState | None) -> State:
    if run is None:
        return "waiting"
    return "done" if run == "finished" else run


def _tint(colour: str, scheme: Colours) -> str:
    """Take the edge off a colour, so that the text over it stays readable."""
    share = 0.45
    parts = [(int(colour[i : i + 2], 16), int(scheme.raised[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(front * share + ground * (1 - share)):02x}" for front, ground in parts)
