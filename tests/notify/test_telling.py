"""Telling: each channel once, again where it failed, and whatever becomes of it nobody else is kept from being told."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from s3guard import notify
from s3guard.model import UnableError
from s3guard.notify import Asked, Telling, courier
from s3guard.notify.channels import Channel, LaterError, Means
from s3guard.notify.message import Message
from s3guard.notify.model import Belief, Seen
from s3guard.notify.news import advance
from tests.notify.receiver import Ear, Receiver, Shelf
from tests.notify.sights import finding, result, seen, whats

EVE, BOTH, NONE = seen(result(finding())), seen(result(finding(), finding("mallory"))), seen(result())


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Telling]:
    """A process that tells some ears."""

    def begin(*ears: Channel, shelf: Shelf | None, **asked: Any) -> Telling:
        named = {f"x://{ear.id}": ear for ear in ears}
        monkeypatch.setattr(notify, "channel", lambda url, _means: named[url])
        return Telling(Asked(list(named), **asked), None if shelf is None else lambda: shelf)

    return begin


def heard(ear: Ear) -> list[list[str]]:
    return [whats(message.news) for message in ear.heard]


def statuses(notified: Any) -> list[str]:
    return [one.status for one in notified]


def test_a_second_run_with_nothing_new_tells_nobody(process: Any) -> None:
    ear, shelf = Ear(), Shelf()
    assert [["sent"], ["quiet"], ["sent"], ["quiet"]] == [
        statuses(process(ear, shelf=shelf).tell(sight)) for sight in (EVE, EVE, NONE, NONE)
    ]
    assert [["new eve"], ["resolved eve"]] == heard(ear)
    assert [1] == list({len(shelf.files)})


def test_without_a_memory_each_run_tells_all_and_says_so(process: Any) -> None:
    ear = Ear()
    for sight in (EVE, EVE, NONE):
        process(ear, shelf=None).tell(sight)
    assert [["new eve"], ["new eve"]] == heard(ear)
    assert not any(message.remembers for message in ear.heard)


def test_a_channel_that_failed_is_told_by_the_next_run_of_all_that_it_missed_and_others_are_not(process: Any) -> None:
    good, bad, shelf = Ear("good"), Ear("bad", deaf=[UnableError("out of order"), UnableError("still")]), Shelf()
    runs = [process(good, bad, shelf=shelf).tell(sight) for sight in (EVE, BOTH, BOTH, BOTH)]
    assert [["sent", "failed"], ["sent", "failed"], ["quiet", "sent"], ["quiet", "quiet"]] == [statuses(one) for one in runs]
    assert "out of order" == runs[0][1].reason
    assert ([["new eve"], ["new mallory"]], [["new eve", "new mallory"]]) == (heard(good), heard(bad))


def test_what_failed_and_is_gone_again_is_not_told(process: Any) -> None:
    ear, shelf = Ear(deaf=[UnableError("x")]), Shelf()
    for sight in (EVE, NONE, NONE):
        process(ear, shelf=shelf).tell(sight)
    assert [] == heard(ear)


def test_a_channel_that_failed_the_first_time_takes_nothing_for_known_that_was_reported_since(process: Any) -> None:
    """The run that could not tell it ended, and is one of those that have reported."""
    ear, shelf = Ear(deaf=[UnableError("x")]), Shelf()
    process(ear, shelf=shelf).tell(EVE, Belief)
    process(ear, shelf=shelf).tell(EVE, lambda: advance(Belief(), EVE))
    assert [["new eve"]] == heard(ear)


def test_a_channel_that_is_new_to_a_state_is_told_of_what_is_new_since(process: Any) -> None:
    ear, shelf = Ear(), Shelf()
    process(ear, shelf=shelf).tell(BOTH, lambda: advance(Belief(), EVE))
    assert [["new mallory"]] == heard(ear)


class _KilledError(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("at", range(6))
def test_a_run_that_is_killed_anywhere_is_told_once_at_least_and_twice_at_most(process: Any, at: int) -> None:
    """Killed before the first thing that outlives it (a file, a message), before the second, and so on."""
    ear, shelf, left = Ear(), Shelf(), [at]

    def step(do: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*given: Any) -> Any:
            left[0] -= 1
            if left[0] == -1:
                raise _KilledError
            return do(*given)

        return stepped

    killed = Shelf(shelf.files)
    killed.create, killed.remove = step(shelf.create), step(shelf.remove)  # type: ignore[method-assign] # the point of this test
    deaf = Ear()
    deaf.send = step(ear.send)  # type: ignore[method-assign] # see above
    with contextlib.suppress(_KilledError):
        process(deaf, shelf=killed).tell(EVE)
    for _ in range(2):
        process(ear, shelf=Shelf(shelf.files)).tell(EVE)
    assert heard(ear) in ([["new eve"]], [["new eve"]] * 2)
    assert 1 == len({message.id for message in ear.heard})


def test_a_place_that_cannot_be_read_or_written_is_told_and_all_is_told_rather_than_nothing(process: Any) -> None:
    ear, shelf = Ear(), Shelf(fails=True)
    (one,) = process(ear, shelf=shelf).tell(EVE)
    assert ("sent", True) == (one.status, "could not be read, so all is told: the place is gone" in str(one.reason))
    assert not ear.heard[0].remembers
    working = Shelf()
    telling = process(ear, shelf=working)
    telling.tell(EVE)
    working.fails = True
    (one,) = telling.tell(BOTH)
    assert ("sent", True) == (one.status, "could not be written down, so it may be told again" in str(one.reason))


def test_somebody_who_is_named_twice_is_told_once(receiver: Receiver) -> None:
    telling = Telling(Asked([receiver.url, f"{receiver.url}#y"], means=Means({"S3GUARD_NOTIFY_SECRET": "x"})))
    assert 1 == len(telling.tell(EVE)) == len(receiver.posts)


def test_a_channel_that_fails_inside_says_its_kind_alone_and_no_other_is_kept(process: Any) -> None:
    good, bad = Ear("good"), Ear("bad", deaf=[RuntimeError("https://T0K3N")])
    first, second = process(bad, good, shelf=None).tell(EVE)
    assert ("failed", "failed inside (RuntimeError)", "sent") == (first.status, first.reason, second.status)


def test_a_channel_that_never_answers_is_not_waited_for(process: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "SECONDS", 0.2)
    for_ever = threading.Event()

    class Silent(Ear):
        def send(self, _message: Message) -> None:
            for_ever.wait(60)

    good = Ear("good")
    began = time.monotonic()
    first, second = process(Silent("silent"), good, shelf=None).tell(EVE)
    for_ever.set()
    assert (["failed", "sent"], "no answer within 0 s") == (statuses((first, second)), first.reason)
    assert time.monotonic() - began < 5


def test_what_may_work_in_a_moment_is_tried_again(process: Any) -> None:
    ear = Ear(deaf=[LaterError("busy")] * (courier.TRIES - 1))
    assert ["sent"] == statuses(process(ear, shelf=None).tell(EVE))
    ear = Ear(deaf=[LaterError("busy")] * courier.TRIES)
    (one,) = process(ear, shelf=None).tell(EVE)
    assert ("failed", "busy") == (one.status, one.reason)


def test_a_watch_gathers_what_comes_until_a_channel_may_be_told_again(process: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("s3guard.notify.line.time.monotonic", lambda: clock[0])
    ear, shelf = Ear(), Shelf()
    telling = process(ear, shelf=shelf, every=600)
    more = seen(result(finding(), finding("mallory"), finding("trent")))
    assert ["sent"] == statuses(telling.tell(EVE))
    clock[0] += 300
    assert [["held"], ["held"], False] == [statuses(telling.tell(BOTH)), statuses(telling.tell(more)), telling.is_due]
    clock[0] += 301
    assert telling.is_due
    assert ["sent"] == statuses(telling.tell(more))
    assert [["new eve"], ["new mallory", "new trent"]] == heard(ear)
    assert not telling.is_due
    again = process(ear, shelf=shelf, every=600)
    assert ["quiet"] == statuses(again.tell(more))


def test_a_watch_that_ends_tells_what_it_gathered_at_once(process: Any) -> None:
    ear, shelf = Ear(), Shelf()
    telling = process(ear, shelf=shelf, every=600)
    telling.tell(EVE)
    telling.tell(BOTH)
    telling.tell(BOTH, at_once=True)
    assert [["new eve"], ["new mallory"]] == heard(ear)


def test_a_watch_tries_a_channel_that_failed_again_later_and_later(process: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, ear = [1000.0], Ear(deaf=[UnableError("x")] * 9)
    monkeypatch.setattr("s3guard.notify.line.time.monotonic", lambda: clock[0])
    telling = process(ear, shelf=Shelf(), every=200)
    tried = []
    for _ in range(80):
        telling.tell(EVE)
        tried.append(9 - len(ear.deaf))
        clock[0] += 10
    assert [1, 2, 3, 4, 5, 6] == sorted(set(tried))


def test_a_watch_writes_no_file_for_what_only_goes_on(process: Any) -> None:
    shelf = Shelf()
    telling = process(Ear(), shelf=shelf, every=600)
    telling.tell(EVE)
    name = list(shelf.files)
    goes_on = seen(result(finding(last=9)))
    telling.tell(goes_on)
    assert name == list(shelf.files)
    telling.tell(goes_on, at_once=True)
    assert name != list(shelf.files)


def test_a_run_that_ended_early_is_told_once_until_there_is_a_report(process: Any) -> None:
    ear, shelf = Ear(), Shelf()
    tell: list[Callable[[Telling], Any]] = [lambda one: one.tell_of_crash(5)] * 2
    tell += [lambda one: one.tell(EVE), lambda one: one.tell_of_crash(6)]
    for do in tell:
        do(process(ear, shelf=shelf))
    assert [["began None"], ["new eve", "ended None"], ["began None"]] == heard(ear)


def test_a_trial_is_sent_and_nothing_is_remembered(process: Any) -> None:
    ear, shelf = Ear(), Shelf()
    (one,) = process(ear, shelf=shelf).try_out()
    assert ("sent", True, {}) == (one.status, ear.heard[0].trial, shelf.files)


def test_two_runs_at_once_leave_nothing_untold(process: Any) -> None:
    """Of the same channel and state; each has something of its own."""
    ear, shelf = Ear(), Shelf()
    sights: list[Seen] = [seen(result(finding(name), bucket=name)) for name in ("a", "b")]
    both = [process(ear, shelf=shelf) for _ in sights]
    for one in both:
        one._open(Belief)
    for one, sight in zip(both, sights, strict=True):
        one.tell(sight)
    assert [["new a"], ["new b"]] == heard(ear)
    assert ["quiet"] == statuses(process(ear, shelf=shelf).tell(seen(*(one.report.results[0] for one in sights))))
