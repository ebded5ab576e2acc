"""The devices that the form offers are this machine's."""

from PySide6.QtWidgets import QComboBox

from vpns_gui.controllers.devices import DeviceController
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
