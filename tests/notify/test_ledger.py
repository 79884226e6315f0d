"""What each channel was told is remembered: whole, once, and beside other runs."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from hypothesis import given, settings
from moto import mock_aws

from s3guard.model import UnableError
from s3guard.notify import ledger as module
from s3guard.notify.ledger import KEPT, Ledger, decoded, encoded
from s3guard.notify.model import Belief, Seen
from s3guard.notify.news import advance
from s3guard.state import State
from s3guard.state.store import opened
from tests.notify.receiver import Shelf
from tests.notify.sights import finding, result, seen
from tests.notify.test_news import SIGHTS
from tests.outputs import reports
from tests.outputs.corpus import HOSTILE
from tests.s3.access import alone


def same(belief: Belief) -> Belief:
    return belief


@settings(deadline=None, max_examples=80)
@given(SIGHTS)
def test_a_belief_comes_back_as_it_was_written(sight: Seen) -> None:
    belief = advance(Belief(), sight)
    assert belief == decoded(encoded(belief), "x")
    assert encoded(belief) == encoded(decoded(encoded(belief), "x"))


def test_hostile_text_comes_back_too() -> None:
    belief = advance(Belief(), Seen(reports.hostile(), blind=dict.fromkeys(HOSTILE.values(), "x")))
    assert belief == decoded(encoded(belief), "x")


def test_the_last_file_counts_and_those_before_it_go() -> None:
    shelf, first, second = Shelf(), advance(Belief(), seen(result(finding()))), advance(Belief(), seen(result(finding("b"))))
    assert Ledger(shelf, "c").read() is None
    writing = Ledger(shelf, "c")
    writing.write(first, same)
    writing.write(second, same)
    assert ["told/c/0000000002.json.gz"] == list(shelf.files)
    assert second == Ledger(shelf, "c").read()
    again = Ledger(shelf, "c")
    again.read()
    again.write(first, same)
    assert ["told/c/0000000003.json.gz"] == list(shelf.files)


def test_a_place_that_nothing_may_be_taken_away_from_is_one_too() -> None:
    class Locked(Shelf):
        def remove(self, name: str) -> None:
            raise UnableError(name)

    shelf, first, second = Locked(), advance(Belief(), seen(result(finding()))), advance(Belief(), seen(result(finding("b"))))
    for belief in (first, second):
        one = Ledger(shelf, "c")
        one.read()
        one.write(belief, same)
    assert (2, second) == (len(shelf.files), Ledger(shelf, "c").read())


def test_in_s3_and_in_a_folder_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(name, value)
    sights = [seen(result(finding(name))) for name in "ab"]
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="told")
        for place in ("s3://told/deep/state", str(tmp_path / "state")):
            shelf = opened(place)
            for sight in sights:
                one = Ledger(shelf, "c")
                one.write(advance(one.read() or Belief(), sight), same)
            assert ["0000000002.json.gz"] == shelf.names("told/c")
            assert advance(advance(Belief(), sights[0]), sights[1]) == Ledger(shelf, "c").read()
            assert not State(place).view().last


def test_of_two_runs_at_once_the_second_goes_on_from_what_the_first_wrote() -> None:
    shelf, sights = Shelf(), [seen(result(finding(name), bucket=name)) for name in ("a", "b")]
    both = [Ledger(shelf, "c"), Ledger(shelf, "c")]
    for one in both:
        one.read()
    for one, sight in zip(both, sights, strict=True):
        one.write(advance(Belief(), sight), lambda belief, sight=sight: advance(belief, sight))  # type: ignore[misc] # a default
    assert advance(advance(Belief(), sights[0]), sights[1]) == Ledger(shelf, "c").read()


def test_a_place_where_others_are_first_each_time_is_given_up() -> None:
    class Busy(Shelf):
        def create(self, name: str, _data: bytes) -> bool:
            super().create(name, encoded(Belief()))
            return False

    with pytest.raises(UnableError, match="each time"):
        Ledger(Busy(), "c").write(Belief(), same)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is damaged"),
        (b"\x1f\x8b", "is damaged"),
        (gzip.compress(b"{}", mtime=0), "is damaged"),
        (gzip.compress(b'{"schema": "s3guard/told/1", "known": [["r"]], "blind": {}}', mtime=0), "is damaged"),
        (gzip.compress(b'{"schema": "s3guard/told/1", "known": [], "blind": {"x": [1]}}', mtime=0), "is damaged"),
        (gzip.compress(b'{"schema": "s3guard/told/2"}', mtime=0), "another version"),
        (encoded(Belief())[:-9], "is damaged"),
    ],
)
def test_a_file_that_is_not_ours_is_told(data: bytes, said: str) -> None:
    with pytest.raises(UnableError, match=said):
        decoded(data, "x")


def test_what_no_report_had_for_long_is_forgotten_and_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    belief = advance(Belief(), seen(result(finding("a"), finding("b"))))
    (old, one), (young, other) = belief.known.items()
    aged = Belief({old: replace(one, seen=other.seen - KEPT - 1), young: other})
    assert {young} == decoded(encoded(aged), "x").known.keys()
    monkeypatch.setattr(module, "MOST", 1)
    least = Belief({old: replace(one, seen=other.seen - 1), young: other})
    assert {young} == decoded(encoded(least), "x").known.keys()


def test_nothing_that_holds_an_address_is_written() -> None:
    told = json.loads(gzip.decompress(encoded(advance(Belief(), seen(result(finding()))))))
    assert ["schema", "known", "blind"] == list(told)
