"""The wish to stop is never lost: it ends a wait at once, and work where nothing is half done."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from s3guard.stopping import Stop

pytestmark = pytest.mark.usefixtures("interruptible")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_wait_at_once(number: signal.Signals) -> None:
    stop, began = Stop(), time.monotonic()
    with stop.on_signals():
        threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
        stop.pause(60)
    assert stop.asked
    assert time.monotonic() - began < 30


def test_a_signal_before_the_wait_is_not_lost() -> None:
    stop = Stop()
    with stop.on_signals():
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.asked
        assert stop.unless(lambda: "had") is None


def test_work_goes_on_to_its_end() -> None:
    stop, done = Stop(), []
    with stop.on_signals():
        os.kill(os.getpid(), signal.SIGTERM)
        done.append("the rest of the batch")
    assert (True, ["the rest of the batch"]) == (stop.asked, done)


def test_what_a_wait_comes_to_is_had() -> None:
    assert "had" == Stop().unless(lambda: "had")


def test_a_second_signal_ends_it_as_it_is() -> None:
    with Stop().on_signals():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_all_is_as_before_behind_it() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with Stop().on_signals():
        assert before != [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    assert before == [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Stop().on_signals():
            assert signal.SIG_IGN == signal.getsignal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_signals_are_left_alone() -> None:
    found: list[object] = []

    def work() -> None:
        with Stop().on_signals():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [signal.getsignal(signal.SIGTERM)] == found
