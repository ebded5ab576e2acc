"""Runs of the real engine in the library: one that works here is seen there, and one that was stopped goes on from there."""

from tests.engine.tiny_runs import make_pictures, run_with, tiny_config
from tests.gui.test_library import Library, place
from vpns_engine.drive import Control
from vpns_engine.events import StepDone

MINUTE_MS = 60_000


def test_that_a_stopped_run_goes_on_from_the_library_to_its_end(studio, qtbot, runs, tmp_path):
    control = Control()
    config = tiny_config(make_pictures(tmp_path / "pictures"), name="stopped")
    store, _ = run_with(control, config, runs, lambda told: control.stop() if isinstance(told, StepDone) else None)
    assert store.read_info().status == "stopped"
    library = Library(studio, qtbot)
    library.wait_for("stopped")
    assert library.cells("state")[0].startswith("Stopped")
    library.choose("stopped")
    library.press("library_resume_button")
    qtbot.waitUntil(lambda: store.read_info().status == "finished", timeout=MINUTE_MS)
    qtbot.waitUntil(lambda: studio.run.state == "idle", timeout=MINUTE_MS)
    assert studio.session.store.folder == store.folder and studio.session.history.resumed
    studio.window.tabs.setCurrentWidget(library.view)
    library.until(lambda: library.cells("state") == ["Finished"])
    assert library.table.model().index(0, place("plain")).data() != "–"


def test_that_a_run_that_works_here_is_running_in_the_library_and_is_not_resumed_twice(studio, qtbot, runs, tmp_path):
    pictures = make_pictures(tmp_path / "pictures")
    control = Control()
    old, _ = run_with(
        control, tiny_config(pictures, name="old"), runs, lambda told: control.stop() if isinstance(told, StepDone) else None
    )
    studio.run.start(tiny_config(pictures, name="new", search_epochs=400))
    library = Library(studio, qtbot)
    library.wait_for("old", "new")
    library.until(lambda: library.cells("state")[library.cells("name").index("new")].startswith("Running"))
    library.choose("old")
    library.press("library_resume_button")
    library.until(lambda: "A run is on" in studio.window.log.text)
    assert old.read_info().status == "stopped"
    studio.run.stop()
    qtbot.waitUntil(lambda: studio.run.state == "idle", timeout=MINUTE_MS)
