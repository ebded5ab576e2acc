"""What may be asked of a run, from other threads and from signal handlers."""

import signal
import threading

import pytest

from vpns_engine.control import Control


def _waiting(control, answers):
    thread = threading.Thread(target=lambda: answers.append(control.wait()))
    thread.start()
    return thread


@pytest.mark.parametrize(("end", "goes_on"), [("go_on", True), ("stop", False)])
def test_that_a_pause_lasts_until_somebody_ends_it(end, goes_on):
    control, answers = Control(), []
    control.pause()
    assert control.pausing and not control.stopping
    thread = _waiting(control, answers)
    getattr(control, end)()
    thread.join(10)
    assert answers == [goes_on]


def test_that_there_is_no_wait_without_a_pause():
    assert Control().wait() is True
    control = Control()
    control.pause()
    control.go_on()
    assert not control.pausing and control.wait() is True


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals to threads are of POSIX systems")
def test_that_a_signal_ends_the_wait_of_the_thread_that_handles_it():
    control, main = Control(), threading.main_thread().ident
    before = signal.signal(signal.SIGUSR1, lambda _number, _frame: control.stop())
    try:
        control.pause()
        threading.Timer(0.05, lambda: signal.pthread_kill(main, signal.SIGUSR1)).start()
        assert control.wait() is False
    finally:
        signal.signal(signal.SIGUSR1, before)
