"""What an export is made of besides its formats: classifier, prompt, ONNX input, what a model hub is told."""

from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QLineEdit, QWidget

from vpns_engine.specs.export import (
    HEAD_LABELS,
    ONNX_LABELS,
    ExportFormat,
    ExportSpec,
    Head,
    OnnxInput,
    is_base_model,
    is_license,
)


class ExportChoices(QWidget):
    """Fields; those that have no effect on what is ticked cannot be changed."""

    changed = Signal()
    """Something that decides the sizes is another."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._head = self._combo("exportHead", HEAD_LABELS)
        self._onnx = self._combo("exportOnnxInput", ONNX_LABELS)
        self._prompt = QCheckBox("&Take the learned prompt along", self)
        self._prompt.setObjectName("exportPrompt")
        self._license = self._line("exportLicense", "mit, apache-2.0, cc-by-4.0 …")
        self._base = self._line("exportBaseModel", "owner/name; empty: torchvision's name")
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(12)
        self._form.setVerticalSpacing(6)
        self._rows = (
            self._row("&Classifier", self._head),
            self._row("Prompt", self._prompt),
            self._row("&ONNX: prompt, normalisation", self._onnx),
            self._row("&Licence on the hub", self._license),
            self._row("&Base model on the hub", self._base),
        )
        for combo in (self._head, self._onnx):
            combo.currentIndexChanged.connect(self.changed)
        self._prompt.toggled.connect(self.changed)
        self._has_prompt = self._prompt_wanted = True

    def set_spec(self, spec: ExportSpec) -> None:
        """Show a wish."""
        self._head.setCurrentIndex(self._head.findData(spec.head))
        self._onnx.setCurrentIndex(self._onnx.findData(spec.onnx_input))
        self._prompt_wanted = spec.prompt
        self._prompt.setChecked(spec.prompt and self._has_prompt)
        self._license.setText(spec.license)
        self._base.setText(spec.base_model)

    def set_run(self, *, has_prompt: bool, has_own_head: bool) -> None:
        """Say what there is to choose between."""
        self._has_prompt = has_prompt
        self._prompt.setChecked(has_prompt and self._prompt_wanted)
        self._prompt.setText("&Take the learned prompt along" if has_prompt else "This run has learned no prompt")
        self._head.setEnabled(not has_own_head)
        self._head.setToolTip("<p>The run has a classifier of the task's own classes.</p>" if has_own_head else "")

    def set_formats(self, formats: tuple[ExportFormat, ...]) -> None:
        """Leave only that open which matters for these formats."""
        some = set(formats) - {"released"}
        on = (bool(some), bool(some) and self._has_prompt, "onnx" in some, "hub" in some, "hub" in some)
        for (label, field), enabled in zip(self._rows, on, strict=True):
            label.setEnabled(enabled)
            field.setEnabled(enabled and (field is not self._head or not self._head.toolTip()))

    def spec(self, formats: tuple[ExportFormat, ...]) -> ExportSpec | str:
        """Give the wish, or why it cannot work."""
        if not formats:
            return "tick at least one format"
        licence, base = self._license.text().strip() or "unknown", self._base.text().strip()
        if not is_license(licence):
            return f"the licence {licence!r:.50} is written as model hubs name it: small letters, digits, . + -"
        if not is_base_model(base):
            return f"the base model {base!r:.50} is no page of a model hub: owner/name"
        return ExportSpec(
            formats=formats,
            head=cast(Head, self._head.currentData()),
            prompt=self._prompt.isChecked() if self._has_prompt else self._prompt_wanted,
            onnx_input=cast(OnnxInput, self._onnx.currentData()),
            license=licence,
            base_model=base,
        )

    def _combo(self, name: str, words: "dict[Head, str] | dict[OnnxInput, str]") -> QComboBox:
        combo = QComboBox(self)
        combo.setObjectName(name)
        for value, label in words.items():
            combo.addItem(label, value)
        return combo

    def _line(self, name: str, hint: str) -> QLineEdit:
        line = QLineEdit(self)
        line.setObjectName(name)
        line.setPlaceholderText(hint)
        return line

    def _row(self, text: str, field: QWidget) -> tuple[QLabel, QWidget]:
        label = QLabel(text, self)
        label.setBuddy(field)
        field.setAccessibleName(text.replace("&", ""))
        self._form.addRow(label, field)
        return label, field
