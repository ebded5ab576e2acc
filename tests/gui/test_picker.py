"""Long choices: groups, search by typing, entries that cannot be chosen."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QListView

from vpns_engine.catalogue import catalogue
from vpns_engine.presets import all_presets
from vpns_gui import theme
from vpns_gui.forms import offered
from vpns_gui.forms.entries import Entry, Heading, lines_of
from vpns_gui.forms.fields import form_fields
from vpns_gui.forms.offered import entries_of, preset_entries
from vpns_gui.forms.pick_edit import PickEdit

ENTRIES = (
    Entry("resnet18", "ResNet-18", "ResNet", "12 M weights"),
    Entry("resnet50", "ResNet-50", "ResNet", "26 M weights"),
    Entry("odd", "Odd-1", "Others", "1 M weights", off="its classifier is no single layer"),
    *(Entry(f"vgg{depth}", f"VGG-{depth}", "VGG") for depth in range(11, 20)),
)


@pytest.fixture
def pick(qtbot):
    edit = PickEdit(None, ENTRIES)
    qtbot.addWidget(edit)
    edit.resize(240, 28)
    edit.show()
    return edit


def search(pick):
    return pick.findChild(QLineEdit, "pickSearch")


def texts(lines):
    return [line.text for line in lines]


def test_that_a_group_has_its_heading_once():
    assert texts(lines_of(ENTRIES[:4])) == ["ResNet", "ResNet-18", "ResNet-50", "Others", "Odd-1", "VGG", "VGG-11"]
    assert lines_of((Entry("a", "A"),)) == (Entry("a", "A"),)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("18", ["ResNet", "ResNet-18", "VGG", "VGG-18"]),
        ("resnet 50", ["ResNet", "ResNet-50"]),
        ("RESNET18", ["ResNet", "ResNet-18"]),
        ("res-net_1", ["ResNet", "ResNet-18"]),
        ("others", ["Others", "Odd-1"]),
        ("nothing of it", []),
    ],
)
def test_that_typing_narrows_the_list(typed, found):
    assert texts(lines_of(ENTRIES, typed)) == found


def test_that_a_letter_typed_on_the_closed_box_searches(pick, qtbot):
    qtbot.keyClick(pick, "v")
    assert search(pick).text() == "v"
    qtbot.keyClicks(search(pick), "gg 13")
    assert texts(pick.open_list(search(pick).text()).shown()) == ["VGG", "VGG-13"]


def test_that_enter_takes_the_first_that_matches(pick, qtbot):
    pick.open_list("vgg 19")
    with qtbot.waitSignal(pick.value_changed) as changed:
        qtbot.keyClick(search(pick), Qt.Key.Key_Return)
    assert changed.args == ["vgg19"]
    assert pick.value() == "vgg19" and pick.currentText() == "VGG-19"


def test_that_enter_takes_the_name_that_begins_with_what_was_typed(qtbot):
    edit = PickEdit(None, entries_of(form_fields()["model.architecture"]))
    qtbot.addWidget(edit)
    edit.show()
    opened = edit.open_list("vit")
    assert "MaxViT-T" in texts(opened.shown())  # matches too, and stands before it
    qtbot.keyClick(search(edit), Qt.Key.Key_Return)
    assert edit.currentText() == "ViT-B/16"


def test_that_arrows_pass_over_headings_and_what_cannot_be_chosen(pick, qtbot):
    pick.set_value("resnet50")
    pick.open_list()
    qtbot.keyClick(search(pick), Qt.Key.Key_Down)
    qtbot.keyClick(search(pick), Qt.Key.Key_Return)
    assert pick.value() == "vgg11"


def test_that_escape_leaves_the_value(pick, qtbot):
    pick.set_value("resnet50")
    opened = pick.open_list("vgg")
    qtbot.keyClick(search(pick), Qt.Key.Key_Escape)
    assert not opened.isVisible()
    assert pick.value() == "resnet50"


def test_that_a_click_chooses_only_what_can_be_chosen(pick, qtbot):
    opened = pick.open_list()
    view = opened.findChild(QListView)

    def click(text):
        row = texts(opened.shown()).index(text)
        middle = view.visualRect(view.model().index(row, 0)).center()
        qtbot.mouseMove(view.viewport(), QPoint(middle))
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=middle)

    pick.set_value("vgg11")
    for text in ("Odd-1", "ResNet"):
        click(text)
        assert opened.isVisible() and pick.value() == "vgg11"
    click("ResNet-18")
    assert not opened.isVisible() and pick.value() == "resnet18"


def test_that_what_cannot_be_chosen_says_why(pick):
    opened = pick.open_list()
    view = opened.findChild(QListView)
    index = view.model().index(texts(opened.shown()).index("Odd-1"), 0)
    assert "its classifier is no single layer" in index.data(Qt.ItemDataRole.ToolTipRole)
    plain = view.model().index(1, 0)
    assert view.visualRect(index).height() > view.visualRect(plain).height()


def test_that_arrows_on_the_closed_box_skip_what_cannot_be_chosen(pick, qtbot):
    pick.set_value("resnet50")
    qtbot.keyClick(pick, Qt.Key.Key_Down)
    assert pick.value() == "vgg11"


def test_that_a_list_without_a_match_says_so_and_chooses_nothing(pick, qtbot):
    pick.set_value("resnet18")
    opened = pick.open_list("xyz")
    assert opened.shown() == ()
    assert any(label.isVisible() and "Nothing" in label.text() for label in opened.findChildren(type(opened._nothing)))
    qtbot.keyClick(search(pick), Qt.Key.Key_Return)
    assert pick.value() == "resnet18"


def test_that_a_value_that_is_not_offered_is_kept(pick):
    pick.set_value("mystery")
    pick.set_entries(ENTRIES)
    assert pick.value() == "mystery"
    assert "mystery" not in texts(pick.open_list().shown())


def test_that_hints_stand_beside_their_entries(pick):
    pick.set_hints({"vgg11": "ready"})
    assert {line.value: line.hint for line in pick.open_list().shown() if isinstance(line, Entry)}["vgg11"] == "ready"


def test_that_the_list_is_drawn_in_light_and_dark(pick, qtbot, qapp):
    opened = pick.open_list()

    def lightness():
        return opened.grab().toImage().pixelColor(20, 200).lightness()

    try:
        theme.apply(qapp, theme.DARK)
        qtbot.waitUntil(lambda: lightness() < 80)
        theme.apply(qapp, theme.LIGHT)
        qtbot.waitUntil(lambda: lightness() > 200)
    finally:
        qapp.setProperty("vpns_dark", None)


def test_that_every_architecture_is_offered_under_its_family():
    entries = entries_of(form_fields()["model.architecture"])
    assert {entry.value for entry in entries} == set(catalogue())
    assert all(entry.group == catalogue()[entry.value].family for entry in entries)
    headings = [line.text for line in lines_of(entries) if isinstance(line, Heading)]
    assert len(headings) == len(set(headings))


def test_that_an_unsupported_architecture_is_offered_with_its_reason(monkeypatch):
    known = dict(catalogue())
    known["vgg16"] = known["vgg16"].model_copy(update={"unsupported": "it is too odd"})
    monkeypatch.setattr(offered, "catalogue", lambda: known)
    off = {entry.value: entry.off for entry in entries_of(form_fields()["model.architecture"]) if entry.off}
    assert off == {"vgg16": "it is too odd"}


def test_that_presets_stand_in_groups():
    groups = {entry.value: entry.group for entry in preset_entries(all_presets())}
    assert groups["digits"] == groups["digits-omp"] == "Digits"
    assert groups["paper-resnet18-cifar100"] == "Paper"
