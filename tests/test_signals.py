"""Signals to stop wait while something is half written, and then do what they did before."""

import signal
import subprocess
import sys
import threading

import pytest

from hpsearch.engine.signals import stops_later

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def stopping():
    """Every signal to stop raises KeyboardInterrupt, as in a command."""

    def stop(number, frame):
        raise KeyboardInterrupt(number)

    before = {number: signal.signal(number, stop) for number in STOPS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", STOPS)
def test_a_signal_waits_until_the_end_and_is_then_heeded(stopping, number):
    handler, done = signal.getsignal(number), []
    with pytest.raises(KeyboardInterrupt, match=str(int(number))), stops_later():  # noqa: PT012
        signal.raise_signal(number)
        done.append("written")
    assert done == ["written"]
    assert signal.getsignal(number) is handler


def test_of_two_signals_the_first_is_heeded(stopping):
    with pytest.raises(KeyboardInterrupt, match=str(int(STOPS[1]))), stops_later():  # noqa: PT012
        signal.raise_signal(STOPS[1])
        signal.raise_signal(STOPS[0])


def test_an_error_inside_is_raised_and_the_handlers_are_back(stopping):
    handlers = [signal.getsignal(number) for number in STOPS]
    with pytest.raises(OSError, match="full"), stops_later():
        raise OSError("full")
    assert [signal.getsignal(number) for number in STOPS] == handlers


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with stops_later():
            signal.raise_signal(signal.SIGTERM)
            assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_where_nobody_handles_it_the_process_ends_after_what_is_inside():
    code = (
        "import signal; from hpsearch.engine.signals import stops_later\n"
        "with stops_later():\n    signal.raise_signal(signal.SIGTERM); print('written', flush=True)\n"
        "print('never')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, "written\n")


def test_another_thread_does_what_is_inside_and_sets_no_handler():
    done = []

    def inside():
        with stops_later():
            done.append("written")

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert done == ["written"]
