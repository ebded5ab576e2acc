"""Colours: contrast, and following light and dark."""

import itertools

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QDialog, QLineEdit, QSpinBox, QToolButton

from tests.gui.views_data import history
from vpns_gui import theme
from vpns_gui.dialogs.said import Said
from vpns_gui.views import mask_pictures
from vpns_gui.views.curves import CurvesView
from vpns_gui.views.picture import Picture
from vpns_gui.views.prompt_pictures import diverging

BOTH = pytest.mark.parametrize("scheme", [theme.LIGHT, theme.DARK], ids=["light", "dark"])


@pytest.fixture
def plain_app(qapp):
    before = QApplication.palette()
    yield qapp
    qapp.setProperty("vpns_dark", None)
    qapp.setPalette(before)


def luminance(name):
    parts = [part / 255 for part in QColor(name).getRgb()[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, two):
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@BOTH
def test_that_text_is_readable_on_every_ground(scheme):
    for ground, ink in itertools.product(("window", "surface", "raised"), ("text", "muted")):
        assert contrast(getattr(scheme, ground), getattr(scheme, ink)) >= 4.5, (ground, ink)
    for ink in ("danger", "warning", "good"):
        assert contrast(scheme.surface, getattr(scheme, ink)) >= 4.5, ink
    assert contrast(scheme.accent, scheme.on_accent) >= 4.5
    assert contrast(scheme.accent_soft, scheme.text) >= 4.5


@BOTH
def test_that_curves_stand_out_from_the_ground(scheme):
    for name in ("train", "plain", "prompted", "density", "kept", "threshold"):
        assert contrast(scheme.surface, getattr(scheme, name)) >= 3, name


@BOTH
def test_that_kept_and_pruned_differ_in_lightness(scheme):
    assert contrast(scheme.kept, scheme.pruned) >= 2.5


@BOTH
def test_that_fields_have_a_border_that_is_seen(plain_app, scheme):
    theme.apply(plain_app, scheme)
    for make in (QLineEdit, QSpinBox, QComboBox):
        field = make()
        field.resize(160, 28)
        image = field.grab().toImage()
        edge = [image.pixelColor(70, y).name() for y in (*range(4), *range(image.height() - 4, image.height()))]
        assert max(contrast(scheme.surface, colour) for colour in edge) >= 3, make


@BOTH
def test_that_a_box_to_tick_has_an_outline_that_is_seen(plain_app, scheme):
    theme.apply(plain_app, scheme)
    box = QCheckBox("Wanted")
    box.resize(160, 28)
    image = box.grab().toImage()
    row = [image.pixelColor(x, 14).name() for x in range(16)]
    assert max(contrast(scheme.window, colour) for colour in row) >= 3


@BOTH
def test_that_a_button_that_stays_down_is_told_by_lightness(plain_app, qtbot, scheme):
    theme.apply(plain_app, theme.LIGHT if scheme.dark else theme.DARK)
    button = QToolButton()
    qtbot.addWidget(button)
    button.setCheckable(True)
    theme.show_checked(button)
    button.resize(60, 30)
    theme.apply(plain_app, scheme)

    def ground():
        return button.grab().toImage().pixelColor(10, 15).name()

    up = ground()
    button.setChecked(True)
    assert contrast(up, ground()) > 3
    button.setChecked(False)
    assert ground() == up


def test_that_the_palette_decides_where_the_system_does_not_say(plain_app):
    plain_app.setPalette(theme.palette(theme.DARK))
    assert theme.colours() is theme.DARK
    plain_app.setPalette(theme.palette(theme.LIGHT))
    assert theme.colours() is theme.LIGHT


def test_that_plots_are_recoloured_when_the_scheme_changes(plain_app, qtbot):
    theme.apply(plain_app, theme.LIGHT)
    view = CurvesView()
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.set_history(history(), 0)
    view.show()

    def ground():
        return view.accuracy.plot.grab().toImage().pixelColor(20, 4).name()

    assert ground() == theme.LIGHT.surface
    theme.apply(plain_app, theme.DARK)
    qtbot.waitUntil(lambda: ground() == theme.DARK.surface)
    pen = view.accuracy._curves["plain"].opts["pen"]
    assert pen.color().name() == theme.DARK.plain


def test_that_what_a_dialog_says_keeps_its_tone_when_the_scheme_changes(plain_app, qtbot):
    theme.apply(plain_app, theme.LIGHT)
    dialog = QDialog()
    qtbot.addWidget(dialog)
    said = Said(dialog, "said")
    said.say("written", "good")
    assert said.styleSheet() == f"color: {theme.LIGHT.good}"
    theme.apply(plain_app, theme.DARK)
    qtbot.waitUntil(lambda: said.styleSheet() == f"color: {theme.DARK.good}")


def test_that_a_dialog_on_screen_is_recoloured_at_once(plain_app, qtbot):
    theme.apply(plain_app, theme.LIGHT)
    dialog = QDialog()
    qtbot.addWidget(dialog)
    said = Said(dialog, "said")
    said.say("written", "good")
    with qtbot.waitExposed(dialog):
        dialog.show()
    for scheme in (theme.DARK, theme.LIGHT, theme.DARK):
        theme.apply(plain_app, scheme)
        qtbot.waitUntil(lambda scheme=scheme: said.styleSheet() == f"color: {scheme.good}")


# Linear RGB as a person without red (protan) or green (deutan) cones sees it: Vienot, Brettel and Mollon, 1999
PROTAN = np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]])
DEUTAN = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])
SEEN = pytest.mark.parametrize("seen", [np.eye(3), PROTAN, DEUTAN], ids=["all", "protan", "deutan"])


def lab(rgb, seen):
    """Give CIE L*, a*, b* of colours 0 to 255, as they are seen."""
    share = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ seen.T, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / (0.9505, 1.0, 1.089)
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


@SEEN
@BOTH
def test_that_a_density_can_be_told_by_lightness_alone(scheme, seen):
    strip = mask_pictures.sequential(np.linspace(0, 1, 65)[:, None], dark=scheme.dark).reshape(-1, 3)
    steps = np.diff(lab(strip, seen)[:, 0])
    assert (steps < 0).all() or (steps > 0).all()


@SEEN
@BOTH
def test_that_added_values_darken_or_brighten_on_both_sides_of_nothing_and_the_sides_differ(scheme, seen):
    strip = diverging(np.linspace(-1, 1, 65)[:, None], dark=scheme.dark).reshape(-1, 3)
    seen_as = lab(strip, seen)
    left, right = np.diff(seen_as[:33, 0]), np.diff(seen_as[32:, 0])
    assert (left * left[0] > 0).all() and (right * right[0] > 0).all() and left[0] * right[0] < 0
    assert np.linalg.norm(seen_as[0, 1:] - seen_as[-1, 1:]) > 40, "below and above nothing are told apart"


@SEEN
@BOTH
def test_that_lines_of_one_plot_are_told_apart(scheme, seen):
    named = {name: lab(theme.rgb(getattr(scheme, name)), seen) for name in ("train", "plain", "prompted")}
    for one, other in itertools.combinations(named, 2):
        assert np.linalg.norm(named[one] - named[other]) > 20, (one, other)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_that_an_enlarged_picture_is_sharp_on_screens_of_every_scale(qtbot, ratio):
    picture = Picture()
    qtbot.addWidget(picture)
    picture.resize(146, 146)
    checks = ((np.indices((12, 12)).sum(axis=0) % 2) * 255).astype(np.uint8)
    picture.set_image(np.repeat(checks[:, :, None], 3, axis=2))
    image = QImage(round(146 * ratio), round(146 * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    picture.render(image)
    place = picture.place()
    inside = [round(side * ratio) for side in (place.left(), place.top(), place.right() + 1, place.bottom() + 1)]
    rows = range(inside[1] + 2, inside[3] - 2)
    columns = range(inside[0] + 2, inside[2] - 2)
    shown = np.array([[image.pixelColor(column, row).red() for column in columns] for row in rows])
    assert set(np.unique(shown)) == {0, 255}, "no pixel is mixed of two"
    edges = np.flatnonzero(np.diff(shown[0].astype(int)))
    widths = np.diff(edges)
    side = place.width() / 12 * ratio
    assert len(edges) == 11 and (np.abs(widths - side) < 1).all()
