"""A watch judges what a queue or a listing tells it of, once, tells what is new, and deletes no message before the state knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from s3guard import watching
from s3guard.model import UnableError, UsageError
from s3guard.notifications import Created
from s3guard.remembered import Remembered
from s3guard.sources import UnreadableError
from s3guard.sources.s3 import Bucket
from s3guard.sqs import Message, Queue, SilentError
from s3guard.state import store
from s3guard.stopping import Stop
from s3guard.watching import Watch, sitting
from s3guard.watching.asked import Asked, Counts
from s3guard.watching.intake import put_off
from tests import notices
from tests.remembering import essence
from tests.watched import Desk, World, log, watch


def test_objects_are_judged_that_messages_of_every_shape_tell_of(world: World) -> None:
    def arrive() -> None:
        created = [world.put(f"logs/{name} +ü.log", log(name)) for name in ("eve", "mallory", "trudy", "ann")]
        world.send(
            notices.direct(created[0]),
            notices.enveloped(notices.direct(created[1], created[0])),
            notices.bridged(created[2]),
            notices.enveloped(notices.tried()),
            notices.direct(replace(created[3], size=None)),
            notices.direct(created[3], name="ObjectRemoved:Delete"),
        )

    world.put("logs/first.log", log("ann"))
    desk = Desk({1: arrive})
    code, counts = watch(world.asked(), desk)
    assert (1, 0) == (code, world.left())
    assert ["eve", "mallory", "trudy"] == sorted(desk.names)
    assert (5, 6, 6) == (counts.objects, counts.messages, counts.deleted)
    assert [] == desk.warned
    assert essence(world.remembered()) == essence(world.remembered(str(world.folder / "other")))


def test_what_comes_twice_is_counted_once_and_told_once(world: World) -> None:
    def arrive() -> None:
        created = world.put("logs/a.log", log("eve", "eve"))
        world.tell(created, created)
        world.send(notices.bridged(created))

    world.put("logs/first.log", log("ann"))
    desk = Desk({1: arrive})
    watch(world.asked(), desk)
    world.tell(world.put("logs/a.log", log("eve", "eve")))
    again = Desk()
    assert (0, 0) == (watch(world.asked(), again)[0], world.left())
    assert (["eve"], []) == (desk.names, again.names)
    ((finding,),) = [result.findings for result in world.remembered().results if result.findings]
    assert 2 == finding.records


def test_messages_that_are_not_understood_or_of_elsewhere_are_left_and_told_once(world: World) -> None:
    world.put("logs/first.log", log("ann"))
    other = world.put("other/eve.log", log("eve"))
    world.send("{", notices.direct(other), notices.direct(Created("secrets", "logs/x", 1, '"e"')))
    world.send(notices.direct(world.put("logs/mallory.log", log("mallory"))).replace('"Records": [', '"Records": [{}, '))
    desk = Desk()
    assert 1 == watch(world.asked(), desk)[0]
    assert (4, ["mallory"]) == (world.left(), desk.names)
    assert 4 == len(desk.warned)
    assert all(" is left in the queue, for its redrive policy: " in told for told in desk.warned)
    assert ["about s3://secrets/logs/x, which is not watched"] == [told.split(": ", 1)[1] for told in desk.warned if "secrets" in told]


def test_a_message_that_is_not_understood_alone_is_no_pass(world: World) -> None:
    world.put("logs/first.log", log("ann"))
    world.send("{")
    assert 3 == watch(world.asked())[0]
    assert 1 == world.left()


@pytest.mark.parametrize("key", ["logs/second.log", "logs//../second.log"])
def test_a_log_object_of_which_a_message_says_that_it_is_empty_is_read_all_the_same(world: World, key: str) -> None:
    world.put("logs/first.log", log("ann"))
    desk = Desk({1: lambda: world.tell(replace(world.put(key, log("eve")), size=0))})
    assert 1 == watch(world.asked(), desk)[0]
    assert ["eve"] == desk.names


@pytest.mark.parametrize("key", ["logs/second.log", "logs//../second.log"])
@pytest.mark.parametrize("etag", ['"a\nb"', '"a\0b"', '"a\r\nx-amz-acl: b"'])
def test_an_etag_that_is_none_ends_no_watch(world: World, key: str, etag: str) -> None:
    world.put("logs/first.log", log("ann"))
    desk = Desk({1: lambda: world.tell(Created(world.bucket, key, 9, etag))})
    assert 3 == watch(world.asked(), desk)[0]
    assert "the ETag of its object is none" in desk.warned[0]
    assert 1 == world.left()


def test_an_object_that_is_gone_is_told_and_its_message_comes_again(world: World) -> None:
    def arrive() -> None:
        gone = world.put("logs/gone.log", log("eve"))
        world.drop("logs/gone.log")
        world.tell(gone)
        world.send(notices.direct(replace(gone, etag=None)).replace("gone", "never"))

    world.put("logs/first.log", log("ann"))
    desk = Desk({1: arrive})
    code, counts = watch(world.asked(), desk)
    assert (3, 2, 2) == (code, world.left(), counts.left)
    told = {one.object.rpartition("/")[2]: one.reason for news in desk.told for one in news.unreadable}
    gone = "no longer there: it was deleted after it was listed"
    assert {"gone.log": gone, "never.log": gone} == told


def test_no_message_is_put_off_beyond_the_twelve_hours_from_when_it_was_taken() -> None:
    assert [120, 240, 480] == [put_off(Message("m", "r", "", times)) for times in (1, 2, 3)]
    assert put_off(Message("m", "r", "", 99)) + 1800 <= 12 * 3600


def test_an_object_that_is_another_than_the_one_that_was_judged_is_no_pass(world: World) -> None:
    def change() -> None:
        world.tell(world.put("logs/first.log", log("ann", "ann")))

    world.put("logs/first.log", log("ann"))
    desk = Desk({1: change})
    assert (3, 1) == (watch(world.asked(), desk)[0], world.left())
    (told,) = [one for news in desk.told for one in news.unreadable]
    assert told.reason.startswith("changed since it was judged")


def test_the_log_of_a_bucket_that_no_policy_is_about_is_passed_over_as_a_listing_does(world: World) -> None:
    world.put("logs/first.log", log("ann"))
    key = "logs/111122223333/us-east-1/otherbucket/2026/10/01/2026-10-01-00-00-00-0123456789ABCDEF"
    world.send(notices.direct(Created(world.bucket, key, 1, '"e"')))
    code, counts = watch(world.asked())
    assert (0, 0, 1) == (code, world.left(), counts.objects)


def test_a_lost_notification_is_made_good_by_a_listing(world: World) -> None:
    world.put("logs/first.log", log("ann"))
    stop, desk = Stop(), Desk()

    def end() -> None:
        stop.asked = True

    desk.then = {1: lambda: world.put("logs/lost.log", log("eve")), 2: end}
    asked = world.asked(once=False, relist=timedelta(0))
    # NOTE: nothing is ever told, so that only the listing ends it.
    assert 0 == watch(asked, _Impatient(desk, stop), stop)[0]
    assert ["eve"] == desk.names


class _Impatient(Desk):
    """A desk that ends a watch which finds nothing for long."""

    def __init__(self, desk: Desk, stop: Stop) -> None:
        super().__init__(desk.then, desk.told, desk.warned)
        self._stop, self._beats = stop, 0

    def beat(self, counts: Counts) -> None:
        """See `Desk`."""
        super().beat(counts)
        self._beats += 1
        self._stop.asked = self._stop.asked or self._beats > 20


def test_without_a_queue_a_prefix_is_listed_again_and_again(world: World) -> None:
    stop = Stop()
    world.put("logs/first.log", log("ann"))
    desk = Desk()
    desk.then = {1: lambda: world.put("logs/second.log", log("eve")), 2: lambda: setattr(stop, "asked", True)}
    asked = world.asked(queue=None, once=False, every=timedelta(milliseconds=10))
    assert 0 == watch(asked, _Impatient(desk, stop), stop)[0]
    assert ["eve"] == desk.names


def test_what_could_not_be_read_is_tried_again_when_listings_no_longer_name_its_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put("logs/2019-02-06-00-00-00-AAAAAAAAAAAAAAAA", log("eve"))
    read, stop, desk, pauses, denied = Bucket.read, Stop(), Desk(), list[float](), [True]

    def refused(self: Bucket, *arguments: Any) -> bytes:
        if denied[0]:
            raise UnreadableError("denied")
        return read(self, *arguments)

    def pause(_self: Stop, seconds: float) -> None:
        pauses.append(seconds)
        denied[0] = len(pauses) < 3
        stop.asked = stop.asked or len(pauses) == 6

    monkeypatch.setattr(Bucket, "read", refused)
    monkeypatch.setattr(Stop, "pause", pause)
    monkeypatch.setattr(sitting, "SOONEST", 0)
    monkeypatch.setattr(Watch, "_is_time_to_look", True)
    watch(world.asked(queue=None, once=False), desk, stop)
    assert ["eve"] == desk.names


def test_a_folder_is_watched_like_a_prefix(world: World) -> None:
    request = replace(world.request(), logs=[str(world.folder / "logs")])
    desk = Desk()
    code, counts = watch(world.asked(request=request, queue=None), desk)
    assert (1, ["eve"], 5) == (code, desk.names, counts.objects)
    again = Desk()
    assert (3, []) == (watch(world.asked(request=request, queue=None), again)[0], again.names)


def test_what_goes_on_is_told_again_when_its_time_has_come_or_the_watch_ends(world: World) -> None:
    def more(number: int) -> None:
        world.tell(world.put(f"logs/{number}.log", log("eve")))

    world.put("logs/first.log", log("eve"))
    for again, told in ((timedelta(hours=1), ["eve", "eve"]), (timedelta(0), ["eve", "eve", "eve"])):
        desk = Desk({1: lambda: more(1)})
        asked = replace(world.asked(again=again), request=replace(world.request(str(world.folder / str(again)))))
        watch(asked, desk)
        assert told[:2] == desk.names[:2]
        assert 1 == desk.told[0].report.exit_code
        world.drop("logs/1.log")


def test_what_could_not_be_written_is_told_again(world: World) -> None:
    world.put("logs/first.log", log("eve"))
    desk = Desk(fails=1)
    assert 1 == watch(world.asked(), desk)[0]
    assert ["eve", "eve"] == desk.names
    assert [] == [finding for news in desk.told[2:] for finding in news.findings]


PLACES = {"take": (Queue, "take"), "create": (store.Folder, "create"), "publish": (Desk, "publish")}


@pytest.mark.parametrize("where", [*PLACES, "list"])
def test_asked_to_stop_anywhere_it_ends_with_0_and_nothing_is_lost_or_counted_twice(
    world: World, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, desk = Stop(), Desk()
    for number in range(2):
        world.put(f"logs/first-{number}.log", log("ann"))

    def arrive() -> None:
        world.tell(*(world.put(f"logs/{number}.log", log("eve", f"user{number}")) for number in range(3)))

    with monkeypatch.context() as patch:
        if where == "list":
            patch.setattr(watching, "OBJECTS", 1)
            arrive()
            desk.then = {1: lambda: setattr(stop, "asked", True)}
        else:
            place, name = PLACES[where]
            before = getattr(place, name)

            def ask(*arguments: object) -> object:
                stop.asked = stop.asked or bool(desk.told)
                return before(*arguments)

            desk.then = {1: arrive}
            patch.setattr(place, name, ask)
        assert 0 == watch(world.asked(), desk, stop)[0]
    again = Desk()
    watch(world.asked(), again)
    assert {"eve", "user0", "user1", "user2"} == {*desk.names, *again.names}
    assert 0 == world.left()
    assert essence(world.remembered()) == essence(world.remembered(str(world.folder / "other")))


def test_a_queue_that_is_refused_at_once_ends_it(world: World) -> None:
    world.put("logs/first.log", log("ann"))
    with pytest.raises(UnableError, match="there is no such queue"):
        watch(world.asked(queue=f"{world.queue}-not"))


def test_a_queue_that_does_not_answer_is_asked_again_and_one_that_refuses_not_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put("logs/first.log", log("ann"))
    take, failures = Queue.take, list[UnableError]([SilentError("silent")] * 8)

    def silent(self: Queue, wait: int) -> object:
        if failures and desk.told:
            raise failures.pop()
        return take(self, wait)

    monkeypatch.setattr(Queue, "take", silent)
    paused: list[float] = []
    monkeypatch.setattr(Stop, "pause", lambda _self, seconds: paused.append(seconds))
    desk = Desk()
    assert 0 == watch(world.asked(), desk)[0]
    assert 8 == len(desk.warned) == len(paused)
    assert all(0.5 * min(120, 2**number) <= pause <= min(120, 2**number) for number, pause in enumerate(paused, 1))
    failures, paused[:] = [UnableError("refused")] * 99, []
    desk = Desk()
    world.put("logs/second.log", log("ann"))
    with pytest.raises(UnableError, match=r"^refused \(tried 6 times\)$"):
        watch(world.asked(), desk)
    assert 5 == len(paused)


def test_a_state_that_cannot_be_written_deletes_no_message(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put("logs/first.log", log("ann"))
    desk = Desk({1: lambda: world.tell(world.put("logs/second.log", log("eve")))})

    def full(self: store.Folder, name: str, data: bytes) -> bool:
        if world.left():
            raise UnableError("could not write the state: no space left on device")
        return create(self, name, data)

    create = store.Folder.create
    monkeypatch.setattr(store.Folder, "create", full)
    monkeypatch.setattr(Stop, "pause", lambda _self, _seconds: None)
    with pytest.raises(UnableError, match=r"no space left on device \(tried 6 times\)"):
        watch(world.asked(), desk)
    assert 1 == world.left()


@pytest.mark.parametrize("found_by", ["queue", "listing"])
def test_what_was_written_and_could_not_be_told_at_once_is_told(world: World, found_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put("logs/1.log", log("ann"))
    desk = Desk({1: lambda: world.tell(world.put("logs/2.log", log("eve")))} if found_by == "queue" else {})
    if found_by == "listing":
        world.put("logs/2.log", log("eve"))
        monkeypatch.setattr(watching, "OBJECTS", 1)
    conclude, failures = Remembered.conclude, [UnableError("could not read the state")]

    def once(self: Remembered, *arguments: Any) -> Any:
        if desk.told and failures:
            raise failures.pop()
        return conclude(self, *arguments)

    monkeypatch.setattr(Remembered, "conclude", once)
    monkeypatch.setattr(Stop, "pause", lambda _self, _seconds: None)
    code, counts = watch(world.asked(queue=world.queue if found_by == "queue" else None), desk)
    assert not failures
    assert (["eve"], 1, 2) == (desk.names, code, counts.objects)
    assert 0 == world.left()


def test_a_watch_needs_a_state(world: World) -> None:
    asked = world.asked()
    with pytest.raises(UsageError, match="a watch needs a state"):
        watch(Asked(replace(asked.request, state=None), asked.since, None, asked.every, asked.relist, asked.again, once=True))
