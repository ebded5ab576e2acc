"""The devices that the form offers are this machine's."""

import pytest
from PySide6.QtWidgets import QComboBox

from vpns_gui.controllers.devices import DeviceController, devices_in
from vpns_gui.forms.setup_panel import SetupPanel


def test_that_the_form_offers_the_devices_that_another_process_found(qtbot):
    panel = SetupPanel()
    qtbot.addWidget(panel)
    offered = []
    panel.set_choices = offered.append
    controller = DeviceController(panel, panel)
    controller.look(after_ms=0)
    qtbot.waitUntil(lambda: bool(offered), timeout=60_000)
    assert offered[0].devices[0] == "auto"
    assert offered[0].devices[-1] == "cpu"


def test_that_a_window_closed_early_gives_up_the_question(qtbot):
    panel = SetupPanel()
    qtbot.addWidget(panel)
    controller = DeviceController(panel, panel)
    controller.look(after_ms=0)
    qtbot.waitUntil(lambda: controller._process.processId() > 0, timeout=10_000)
    controller.close()
    assert controller._process.processId() == 0
    device = panel.findChild(QComboBox, "device")
    assert device is None or device.findText("CPU") >= 0


@pytest.mark.parametrize(
    ("output", "devices"),
    [
        (b'["auto", "cpu"]\n', ("auto", "cpu")),
        (b'a driver says\r\n\xff hello\n["auto", "cuda", "cpu"]\r\n\n', ("auto", "cuda", "cpu")),
        (b"", ()),
        (b'["auto"]\nand then something else\n', ()),
        (b'{"auto": 1}', ()),
        (b'["auto", 3]', ()),
        (b"\xff\xfe", ()),
    ],
)
def test_that_only_a_list_of_names_in_the_last_line_is_taken_for_the_devices(output, devices):
    assert devices_in(output) == devices


def test_that_a_window_closed_before_the_question_never_asks_it(qtbot):
    panel = SetupPanel()
    qtbot.addWidget(panel)
    controller = DeviceController(panel, panel)
    controller.look(after_ms=60_000)
    controller.close()
    assert not controller._soon.isActive() and controller._process.processId() == 0
