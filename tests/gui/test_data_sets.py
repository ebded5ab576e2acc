"""Data sets in the form: ready, to be downloaded, to be fetched by hand; the download; the data root."""

import hashlib
import tarfile
import threading
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QLineEdit, QProgressBar, QPushButton, QToolButton, QWidget

from tests.data_sets.web import serving
from tests.data_sets.writers import write
from vpns_engine.catalogue import catalogue
from vpns_engine.data_sets import facts
from vpns_engine.errors import EngineError
from vpns_engine.folders import data_folder
from vpns_engine.presets import preset_called
from vpns_engine.specs.data import NAMED
from vpns_engine.specs.run import RunConfig
from vpns_gui.controllers import data as data_module
from vpns_gui.forms.choices import gather, gather_shelf
from vpns_gui.forms.data_note import with_links
from vpns_gui.forms.pick_edit import PickEdit
from vpns_gui.forms.setup_panel import SetupPanel


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """Give the data root in force, empty."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("VPNS_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("VPNS_DATA", str(folder))
    return folder


@pytest.fixture
def panel(qtbot):
    panel = SetupPanel()
    qtbot.addWidget(panel)
    panel.choices_requested.connect(lambda config: panel.set_choices(gather(config)))
    panel.shelf_requested.connect(lambda given: panel.set_choices(gather_shelf(given)))
    panel.resize(400, 900)
    panel.show()
    return panel


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serve a miniature CIFAR-100 as its home does."""
    write("cifar100", tmp_path / "made", per_class=20)
    archive = tmp_path / "cifar.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / "made" / "cifar-100-python", "cifar-100-python")
    content = archive.read_bytes()
    real = facts.facts_of("cifar100")
    with serving({"cifar.tar.gz": content}) as web:
        digest = f"md5:{hashlib.md5(content).hexdigest()}"
        changed = {"url": web.url("cifar.tar.gz"), "digest": digest, "bytes": len(content), "mirrors": ()}
        one = real.model_copy(update={"downloads": (real.downloads[0].model_copy(update=changed),), "files": {}})
        known = {key: facts.facts_of(key) for key in NAMED}
        monkeypatch.setattr(facts, "_all", lambda: {**known, "cifar100": one})
        yield web


def choose(window, dataset):
    combo = window.findChild(PickEdit, "data.dataset")
    combo.setCurrentIndex(combo.findData(dataset))


def text(window, name):
    label = window.findChild(QLabel, name)
    return "" if label.isHidden() or label.parent().isHidden() else label.text()


def tool(window, name):
    return window.findChild(QToolButton, name)


def start(window):
    return window.findChild(QPushButton, "start")


def wait_for(qtbot, window, words):
    qtbot.waitUntil(lambda: words in text(window, "dataStatus"), timeout=10_000)


def test_that_a_set_that_is_there_is_ready(panel, qtbot, root):
    write("cifar100", root, per_class=20)
    choose(panel, "cifar100")
    wait_for(qtbot, panel, "Ready")
    assert str(root) in text(panel, "dataRoot") or "…" in text(panel, "dataRoot")
    assert tool(panel, "dataDownload").isHidden() and tool(panel, "dataLookAgain").isHidden()
    qtbot.waitUntil(start(panel).isEnabled)
    assert "training" in text(panel, "summary")


def test_that_a_set_behind_a_link_is_ready(panel, qtbot, root, tmp_path):
    write("cifar100", tmp_path / "elsewhere", per_class=20)
    (root / "cifar-100-python").symlink_to(tmp_path / "elsewhere" / "cifar-100-python")
    choose(panel, "cifar100")
    wait_for(qtbot, panel, "Ready")


def test_that_a_set_that_will_be_downloaded_says_its_size_and_may_be_started(panel, qtbot):
    choose(panel, "cifar100")
    wait_for(qtbot, panel, "Will be downloaded (169 MB)")
    assert tool(panel, "dataDownload").isVisible()
    qtbot.waitUntil(lambda: "resnet20 has 37" in text(panel, "reason") or "has 37" in text(panel, "reason"))
    architecture = panel.findChild(PickEdit, "model.architecture")
    architecture.setCurrentIndex(architecture.findData("resnet18"))
    qtbot.waitUntil(start(panel).isEnabled)
    assert "100 classes; about 45,000 training, 5,000 validation, 10,000 test images" in text(panel, "summary")
    assert panel.config.data.flip is True


@pytest.mark.parametrize(("dataset", "place"), [("stanford_cars", "car_data"), ("imagenet", "imagenet/train")])
def test_that_a_set_to_be_fetched_by_hand_says_from_where_and_where_to(panel, qtbot, dataset, place):
    choose(panel, dataset)
    wait_for(qtbot, panel, "by hand")
    assert "<a href=" in text(panel, "dataStatus") and place in text(panel, "dataStatus")
    assert tool(panel, "dataDownload").isHidden() and tool(panel, "dataLookAgain").isVisible()
    qtbot.waitUntil(lambda: "fetch it by hand" in text(panel, "reason"))
    assert not start(panel).isEnabled()


def test_that_a_set_put_there_by_hand_is_found_when_looked_for_again(panel, qtbot, root):
    choose(panel, "stanford_cars")
    wait_for(qtbot, panel, "by hand")
    write("stanford_cars", root, per_class=20)
    qtbot.mouseClick(tool(panel, "dataLookAgain"), Qt.MouseButton.LeftButton)
    wait_for(qtbot, panel, "Ready")
    qtbot.waitUntil(start(panel).isEnabled)


def test_that_half_a_set_is_not_taken_for_a_whole(panel, qtbot, root):
    write("cifar100", root)
    (root / "cifar-100-python" / "test").unlink()
    choose(panel, "cifar100")
    wait_for(qtbot, panel, "Incomplete: test missing")
    assert tool(panel, "dataDownload").isVisible()


def test_that_every_set_says_in_the_list_how_it_stands(panel, qtbot, root):
    write("svhn", root)
    choose(panel, "svhn")
    wait_for(qtbot, panel, "Ready")
    entries = {entry.value: entry for entry in panel.findChild(PickEdit, "data.dataset").entries}
    assert set(entries) == {"digits", "folder", *NAMED}
    assert entries["svhn"].hint == "ready"
    assert entries["food101"].hint == "download, 5.0 GB"
    assert entries["imagenet"].hint == "by hand"


def test_that_a_preset_whose_set_is_not_there_says_so(panel, qtbot, root):
    write("dtd", root)
    preset = panel.findChild(PickEdit, "preset")
    preset.setCurrentIndex(preset.findData("paper-resnet18-cifar100"))
    wait_for(qtbot, panel, "Will be downloaded")
    hints = {entry.value: entry.hint for entry in preset.entries}
    assert hints["paper-resnet18-cifar100"] == "download, 169 MB"
    assert hints["paper-resnet18-dtd"] == "ready"
    assert hints["paper-resnet18-stanford-cars"] == "by hand"
    assert hints["digits"] == ""


def test_that_bundled_digits_and_folders_have_no_data_root(panel):
    for dataset in ("digits", "folder"):
        choose(panel, dataset)
        assert panel.findChild(QWidget, "dataRoot").isHidden() or not panel.findChild(QWidget, "dataRoot").isVisible()


def test_that_an_imported_run_without_a_data_set_has_to_be_given_one(panel, qtbot):
    values = RunConfig().model_dump()
    values["data"]["dataset"] = "unknown"
    panel.set_config(RunConfig.model_validate(values))
    qtbot.waitUntil(lambda: "not known: choose one" in text(panel, "problem:data.dataset"))
    assert not start(panel).isEnabled()
    assert panel.findChild(PickEdit, "data.dataset").currentText() == "Not known (imported checkpoint)"


def test_that_a_run_may_have_a_data_root_of_its_own(panel, qtbot, tmp_path):
    write("cifar100", tmp_path / "mine", per_class=20)
    values = preset_called("paper-resnet18-cifar100").config.model_dump()
    values["data"]["root"] = str(tmp_path / "mine")
    panel.set_config(RunConfig.model_validate(values))
    wait_for(qtbot, panel, "Ready")
    assert tool(panel, "dataRootChange").isHidden()


def test_that_addresses_can_be_clicked_and_nothing_else_is_markup():
    address = "https://a.example/b?c=1&amp;d=2"
    rich = with_links("get <b>it</b> at https://a.example/b?c=1&d=2, now")
    assert rich == f'get &lt;b&gt;it&lt;/b&gt; at <a href="{address}">{address}</a>, now'


def test_that_a_download_brings_the_set(studio, qtbot, root, server):
    window = studio.window
    choose(window, "cifar100")
    wait_for(qtbot, window, "Will be downloaded")
    server.stall = 200
    qtbot.mouseClick(tool(window, "dataDownload"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: studio.data.busy and bool(server.asked))
    assert window.findChild(QProgressBar, "dataBar").isVisible()
    assert "CIFAR-100" in text(window, "dataProgress")
    assert not start(window).isEnabled() and "is being downloaded" in text(window, "reason")
    assert not tool(window, "dataRootChange").isEnabled()
    server.stall = None
    server.go_on.set()
    wait_for(qtbot, window, "Ready")
    assert not studio.data.busy and window.findChild(QProgressBar, "dataBar").isHidden()
    assert (root / "cifar-100-python" / "train").is_file()
    assert "CIFAR-100 is downloaded" in window.log.text


def test_that_a_cancelled_download_leaves_no_set_and_goes_on_next_time(studio, qtbot, monkeypatch):
    calls = []

    def fetch(key, folder, report):
        calls.append(key)
        while len(calls) == 1:
            report(f"{key}: some of it", 0.25)
        write(key, folder, per_class=20)

    monkeypatch.setattr(data_module, "fetch", fetch)
    window = studio.window
    choose(window, "cifar100")
    wait_for(qtbot, window, "Will be downloaded")
    qtbot.mouseClick(tool(window, "dataDownload"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.findChild(QProgressBar, "dataBar").value() == 250)
    qtbot.mouseClick(tool(window, "dataCancel"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not studio.data.busy)
    assert "cancelled; the next one goes on from there" in window.log.text
    wait_for(qtbot, window, "Will be downloaded")
    qtbot.mouseClick(tool(window, "dataDownload"), Qt.MouseButton.LeftButton)
    wait_for(qtbot, window, "Ready")
    assert calls == ["cifar100", "cifar100"]


def test_that_a_download_that_fails_says_why_below_the_data_set(studio, qtbot, server):
    window = studio.window
    server.status = 503
    choose(window, "cifar100")
    wait_for(qtbot, window, "Will be downloaded")
    qtbot.mouseClick(tool(window, "dataDownload"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Not downloaded" in text(window, "dataProgress"), timeout=20_000)
    assert "503" in text(window, "dataProgress")
    assert window.findChild(QProgressBar, "dataBar").isHidden()
    qtbot.waitUntil(tool(window, "dataDownload").isEnabled)
    choose(window, "svhn")
    assert text(window, "dataProgress") == ""


def test_that_a_window_that_closes_cancels_the_download(studio, qtbot, monkeypatch):
    ended = []

    def fetch(_key, _root, report):
        try:
            while True:
                report("some of it", 0.5)
        finally:
            ended.append(True)

    monkeypatch.setattr(data_module, "fetch", fetch)
    choose(studio.window, "cifar100")
    wait_for(qtbot, studio.window, "Will be downloaded")
    qtbot.mouseClick(tool(studio.window, "dataDownload"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: studio.data.busy)
    studio.window.close()
    assert not studio.window.isVisible() and ended == [True]


def open_root_dialog(studio):
    studio.window.menus.data_root.trigger()
    return studio.window.findChild(QWidget, "dataRootDialog")


def save(dialog):
    dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save).click()


def test_that_another_data_root_is_looked_at_and_remembered(studio, qtbot, tmp_path, monkeypatch):
    monkeypatch.delenv("VPNS_DATA")
    write("cifar100", tmp_path / "other", per_class=20)
    window = studio.window
    choose(window, "cifar100")
    studio.window.setup.look_again()
    wait_for(qtbot, window, "Will be downloaded")
    dialog = open_root_dialog(studio)
    dialog.findChild(QLineEdit, "rootFolder").setText(str(tmp_path / "other"))
    save(dialog)
    wait_for(qtbot, window, "Ready")
    assert data_folder() == tmp_path / "other"
    dialog = open_root_dialog(studio)
    dialog.findChild(QPushButton, "rootDefault").click()
    save(dialog)
    wait_for(qtbot, window, "Will be downloaded")


def test_that_a_data_root_that_is_a_file_is_refused(studio, tmp_path, monkeypatch):
    monkeypatch.delenv("VPNS_DATA")
    (tmp_path / "file").write_text("x")
    before = data_folder()
    dialog = open_root_dialog(studio)
    dialog.findChild(QLineEdit, "rootFolder").setText(str(tmp_path / "file"))
    save(dialog)
    assert "is a file: choose a folder" in text(dialog, "rootSays")
    assert dialog.isVisible() and data_folder() == before


@pytest.mark.parametrize(
    ("typed", "why"), [("data", "whole path"), ("~nobody-at-all/data", "whole path"), ("FILE/data", "is a file")]
)
def test_that_a_data_root_that_can_never_be_a_folder_is_refused(studio, tmp_path, monkeypatch, typed, why):
    monkeypatch.delenv("VPNS_DATA")
    (tmp_path / "FILE").touch()
    dialog = open_root_dialog(studio)
    dialog.findChild(QLineEdit, "rootFolder").setText(typed.replace("FILE", str(tmp_path / "FILE")))
    save(dialog)
    assert dialog.isVisible() and why in text(dialog, "rootSays")
    dialog.reject()


def test_that_a_data_root_of_a_run_that_is_a_file_is_red_at_its_field(panel, qtbot, tmp_path):
    choose(panel, "cifar10")
    (tmp_path / "FILE").touch()
    panel.findChild(QWidget, "data.root").value_changed.emit(str(tmp_path / "FILE"))
    qtbot.waitUntil(lambda: "is a file: choose a folder" in text(panel, "problem:data.root"))
    assert not start(panel).isEnabled()


def test_that_a_setting_that_cannot_be_written_is_said_in_the_dialog(studio, tmp_path, monkeypatch):
    monkeypatch.delenv("VPNS_DATA")

    def refuse(_folder):
        raise EngineError("no permission to write /etc/x: choose another folder")

    monkeypatch.setattr(data_module, "set_data_folder", refuse)
    dialog = open_root_dialog(studio)
    dialog.findChild(QLineEdit, "rootFolder").setText(str(tmp_path / "new"))
    save(dialog)
    assert "no permission" in text(dialog, "rootSays") and dialog.isVisible()


def test_that_an_environment_variable_decides_the_data_root_for_good(studio):
    dialog = open_root_dialog(studio)
    assert "VPNS_DATA" in text(dialog, "rootSays")
    assert not dialog.findChild(QLineEdit, "rootFolder").isEnabled()
    assert not dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save).isEnabled()


def test_that_weights_that_are_not_there_say_their_size(panel, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("VPNS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("VPNS_WEIGHTS", str(tmp_path / "own"))
    panel.look_again()
    architecture = panel.findChild(PickEdit, "model.architecture")
    architecture.setCurrentIndex(architecture.findData("resnet18"))
    qtbot.waitUntil(lambda: text(panel, "problem:model.weights") == "Will be downloaded (47 MB)")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / catalogue()["resnet18"].file_name).touch()
    panel.look_again()
    qtbot.waitUntil(lambda: text(panel, "problem:model.weights") == "")
    architecture.setCurrentIndex(architecture.findData("resnet20"))
    assert text(panel, "problem:model.weights") == ""


def test_that_a_set_that_a_run_has_fetched_is_ready_after_it(studio, qtbot, root):
    choose(studio.window, "cifar100")
    wait_for(qtbot, studio.window, "Will be downloaded")
    write("cifar100", root, per_class=20)
    studio.run.state_changed.emit("idle")
    wait_for(qtbot, studio.window, "Ready")


def test_that_a_set_that_a_run_works_on_is_not_downloaded_beside_it(studio, qtbot, monkeypatch):
    window = studio.window
    choose(window, "cifar100")
    wait_for(qtbot, window, "Will be downloaded")
    store = SimpleNamespace(config=RunConfig(data={"dataset": "cifar100"}))
    with monkeypatch.context() as patched:
        patched.setattr(type(studio.session), "working", property(lambda _: store))
        patched.setattr(type(studio.run), "state", property(lambda _: "running"))
        qtbot.mouseClick(tool(window, "dataDownload"), Qt.MouseButton.LeftButton)
    assert "a run works on CIFAR-100" in text(window, "dataProgress")
    assert not studio.data.busy


def test_that_the_data_root_stays_while_a_set_comes_in(studio, qtbot, monkeypatch):
    go = threading.Event()
    monkeypatch.setattr(data_module, "fetch", lambda *_: go.wait(10))
    choose(studio.window, "cifar100")
    wait_for(qtbot, studio.window, "Will be downloaded")
    qtbot.mouseClick(tool(studio.window, "dataDownload"), Qt.MouseButton.LeftButton)
    assert open_root_dialog(studio) is None
    assert "the data root stays until that is over" in studio.window.log.text
    assert not studio.window.setup.ready
    go.set()
    qtbot.waitUntil(lambda: not studio.data.busy)


def test_that_a_cancel_ends_a_download_that_has_stalled(studio, qtbot, root, server):
    window = studio.window
    choose(window, "cifar100")
    wait_for(qtbot, window, "Will be downloaded")
    server.stall = 200
    qtbot.mouseClick(tool(window, "dataDownload"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(server.asked))
    qtbot.mouseClick(tool(window, "dataCancel"), Qt.MouseButton.LeftButton)
    assert not tool(window, "dataCancel").isEnabled()
    qtbot.waitUntil(lambda: not studio.data.busy)
    assert not (root / "cifar-100-python").exists()
    assert text(window, "dataProgress") == ""
