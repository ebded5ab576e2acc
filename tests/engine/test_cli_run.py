"""Ctrl-C, once and twice."""

import signal

import pytest

from vpns_engine import cli_run
from vpns_engine.cli_run import _stop_on_signals
from vpns_engine.drive import Control
from vpns_engine.events import Message
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunLibrary, RunStore


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_that_the_first_signal_asks_for_a_stop_and_the_second_aborts(number, capfd):
    control = Control()
    with _stop_on_signals(control):
        signal.raise_signal(number)
        assert control.stopping
        assert "the result so far is kept" in capfd.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        assert "is lost" in capfd.readouterr().err


def test_that_the_signals_are_given_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with _stop_on_signals(Control()):
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_that_the_abort_has_the_next_number_of_the_run(tmp_path, monkeypatch):
    def start(config, runs, _control, sinks, *, opened, **_more):
        store = RunStore.create(runs, config)
        opened(store)
        event = Message(severity="info", text="working", seq=4)
        store.append(event)
        for sink in sinks:
            sink(event.model_copy(update={"seq": 3}))
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_run, "start", start)
    cli_run.run(RunConfig(), tmp_path)
    (folder,) = RunLibrary(tmp_path).runs()
    assert RunStore.open(folder).read().history.ended.seq == 5


def test_that_an_aborted_run_says_so_in_its_folder(tmp_path, monkeypatch, capsys):
    def start(config, runs, _control, _sinks, *, opened, **_more):
        opened(RunStore.create(runs, config))
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_run, "start", start)
    assert cli_run.run(RunConfig(), tmp_path) == 130
    (folder,) = RunLibrary(tmp_path).runs()
    store = RunStore.open(folder)
    assert store.read_info().status == "failed"
    assert "Ctrl-C" in store.read().history.ended.text
    assert str(folder) in capsys.readouterr().err
