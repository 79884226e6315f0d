"""What ends a command becomes its exit code in one place, and nothing that nobody foresaw becomes one that says something was judged."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from typing import NoReturn

import pytest

from s3guard.cli import ending
from s3guard.model import UnableError, UsageError
from s3guard.problems import PolicyError, Problem


def raising(error: BaseException) -> int:
    def task() -> NoReturn:
        raise error

    return ending.code_of(task)


class PanicError(BaseException):
    """As Polars' own: no Exception."""


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("what is wrong"), 2, "s3guard: error: what is wrong\n"),
        (UnableError("what cannot be"), 3, "s3guard: error: what cannot be\n"),
        (UsageError("a:1:1: one\nb:2:2: two"), 2, "s3guard: error: 2 problems\na:1:1: one\nb:2:2: two\n"),
        (PolicyError([Problem("p.yaml", 3, 1, "wrong")]), 2, "s3guard: error: 1 problem\np.yaml:3:1: wrong\n"),
        (KeyboardInterrupt(), 130, "s3guard: interrupted\n"),
        (ending.TerminatedError(), 143, "s3guard: terminated\n"),
        (KeyError("x"), 3, "s3guard: error: internal error, nothing is concluded: KeyError: 'x' (test_ending.py"),
        (MemoryError(), 3, "s3guard: error: internal error, nothing is concluded: MemoryError"),
        (PanicError("in Rust"), 3, "s3guard: error: internal error, nothing is concluded: PanicError: in Rust"),
        (SystemExit(0), 3, "s3guard: error: internal error, nothing is concluded: SystemExit: 0"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_every_end_has_its_code_and_its_words(capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str) -> None:
    assert code == raising(error)
    assert capsys.readouterr().err.startswith(said.replace(" (test_ending.py", ""))


def test_a_reader_that_is_gone_is_told_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "hush", lambda: None)
    assert 141 == raising(BrokenPipeError())
    assert "" == capsys.readouterr().err


def test_the_code_of_a_task_that_ends_well_is_its_own() -> None:
    assert 4 == ending.code_of(lambda: 4)


def test_where_standard_error_is_gone_the_code_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert 2 == raising(UsageError("nobody hears it"))


def test_sigterm_is_raised_once_and_handled_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def told_twice() -> None:
        with ending.terminable():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGTERM)

    with pytest.raises(ending.TerminatedError):
        told_twice()
    assert before == signal.getsignal(signal.SIGTERM)


def test_sigterm_is_raised_again_where_nobody_heard_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "_PATIENCE", 0.05)
    handled = signal.getsignal(signal.SIGALRM)

    def deaf_twice() -> None:
        with ending.terminable():
            with contextlib.suppress(ending.TerminatedError):
                signal.raise_signal(signal.SIGTERM)
            with contextlib.suppress(ending.TerminatedError):
                signal.pause()
            signal.pause()

    with pytest.raises(ending.TerminatedError):
        deaf_twice()
    assert (handled, (0.0, 0.0)) == (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL))


def test_who_deals_with_sigterm_is_not_disturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "_PATIENCE", 0.01)
    alarms = 0
    with ending.terminable():
        try:
            signal.raise_signal(signal.SIGTERM)
        except ending.TerminatedError:
            for alarms in range(1, 4):  # noqa: B007 - how often it was asked
                signal.pause()
    assert 3 == alarms


def test_another_thread_leaves_signals_alone() -> None:
    seen = []

    def work() -> None:
        with ending.terminable():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [signal.getsignal(signal.SIGTERM)] == seen


def test_whoever_measures_the_process_sees_it_end(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[int] = []
    monkeypatch.setattr("os._exit", left.append)
    monkeypatch.setattr(sys, "gettrace", lambda: None)
    monkeypatch.setattr(sys, "getprofile", lambda: print)
    ending.leave(4)
    assert [] == left
    monkeypatch.setattr(sys, "getprofile", lambda: None)
    ending.leave(4)
    assert [4] == left
