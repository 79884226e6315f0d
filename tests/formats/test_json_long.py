"""A long text of JSON is read a piece at a time: the same values as at once, and no more memory than its events need."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.formats.json import decoding, record
from s3guard.formats.json.decoding import DamagedError, Members, Messages, decoded, decoded_long
from s3guard.formats.json.record import Damage, Envelope, Record, read
from tests.deliveries import envelope, record_of, written
from tests.laws import tried
from tests.lines import ORDINARY

DOCUMENT = written(record_of(ORDINARY.render()))

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**19), 10**19) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def outcome(text: str, *, is_long: bool) -> object:
    """What becomes of a text; words of errors apart."""
    try:
        value = decoded_long(text) if is_long else decoded(text)
    except (ValueError, DamagedError):
        return "damaged"
    if not isinstance(value, Members):
        return "damaged"
    members = dict(value)
    if isinstance(events := members.get("logEvents"), list):
        members["logEvents"] = found = Messages([])
        for event in events:
            found.add(event)
    return members


@tried(5)
@given(
    st.dictionaries(st.text(max_size=4), VALUES, max_size=3),
    st.lists(VALUES | st.fixed_dictionaries({"message": st.text(max_size=30)}), max_size=4) | VALUES,
    st.sampled_from([None, 1, (", ", ": ")]),
    st.integers(0, 400),
    st.sampled_from(["", "x", "}", ",", "]", '"', "1", " {", "NaN"]),
)
def test_a_long_text_is_read_as_a_short_one(members: dict[str, Any], events: Any, style: Any, cut: int, noise: str) -> None:
    form: dict[str, Any] = {"indent": style} if isinstance(style, int) else {"separators": style}
    text = json.dumps(members | {"logEvents": events}, **form)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "_WINDOWS", (5, 40, 4_000))
        for one in (text, text[:cut] + noise + text[cut:], text[:cut], f" {text}\r\n"):
            assert outcome(one, is_long=False) == outcome(one, is_long=True), one


def test_a_field_twice_and_an_event_that_is_too_long_make_it_none(monkeypatch: pytest.MonkeyPatch) -> None:
    many = envelope([DOCUMENT] * 1_500).encode()
    assert len(many) > 1 << 20
    assert read(many) == Envelope((DOCUMENT,) * 1_500)
    twice = read(many.replace(b"{", b'{"logEvents":[],', 1))
    assert isinstance(twice, Damage)
    assert ("a field comes twice", 1_500) == (twice.reason, twice.holds)
    monkeypatch.setattr(decoding, "_WINDOWS", (100, 1_000))
    long = read(many)
    assert isinstance(long, Damage)
    assert ("longer than 1 MiB", 1_500) == (long.reason, long.holds)


MANY = 10_000
BOMBS = {
    "events of nothing": b'{"messageType":"DATA_MESSAGE","logEvents":[' + b"[]," * MANY * 2 + b"{}]}",
    "a list": b'{"bucket_name":[' + b"[]," * MANY * 2 + b"[]]}",
    "an event": b'{"messageType":"DATA_MESSAGE","logEvents":[{"message":[' + b"[]," * MANY * 2 + b"[]]}]}",
}


@pytest.mark.parametrize("kind", BOMBS)
def test_many_tiny_values_need_no_memory_of_their_own(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once they took twenty times as much as their text."""
    monkeypatch.setattr(decoding, "_WINDOWS", (100, 2_000))
    monkeypatch.setattr(record, "MAX_LINE", 1_000)
    tracemalloc.start()
    try:
        assert not isinstance(read(BOMBS[kind]), Record)
        assert tracemalloc.get_traced_memory()[1] < 4 * len(BOMBS[kind])
    finally:
        tracemalloc.stop()


def test_what_says_that_it_only_asks_for_health_is_looked_at_where_it_holds_records() -> None:
    assert read(envelope([DOCUMENT], "CONTROL_MESSAGE").encode()) == Envelope((DOCUMENT,))
