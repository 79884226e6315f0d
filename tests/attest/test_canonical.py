"""JSON with one spelling, and the reader that takes no other."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.attest import canonical, parsed

# NOTE: what UTF-8 can say.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
EXACT = st.integers(-(2**53) + 1, 2**53 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | EXACT | TEXT, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4)
)


def test_the_example_of_the_standard_is_spelled_as_it_says() -> None:
    # RFC 8785, 3.2.2 to 3.2.4
    given_ = r"""{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"""
    expected = r"""{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"""
    assert expected.encode() == canonical(json.loads(given_))


@given(VALUES)
def test_what_was_written_is_read_and_written_as_the_same_bytes(value: Any) -> None:
    written = canonical(value)
    assert value == parsed(written, strict=True)
    assert written == canonical(parsed(written))


@given(st.dictionaries(TEXT, EXACT, min_size=2, max_size=5))
def test_another_order_of_keys_is_the_same_value_and_refused_where_one_spelling_is_asked_for(value: dict[str, int]) -> None:
    ordered = list(json.loads(canonical(value)).items())
    reversed_ = json.dumps(dict(reversed(ordered)), ensure_ascii=False, separators=(",", ":")).encode()
    assert value == parsed(reversed_)
    with pytest.raises(ValueError, match="RFC 8785"):
        parsed(reversed_, strict=True)


@pytest.mark.parametrize("value", [2**53, -(2**53), math.nan, math.inf, "\ud800", {1: 2}, b"x", {"x"}, object()])
def test_what_such_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical([value])


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested"):
        canonical(deep)
    with pytest.raises(ValueError, match="nested"):
        parsed(b"[" * 100_000)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b"NaN",
        b"[Infinity]",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 5_000,
        b'"\xff"',
        b"",
        b"{}x",
        b"\xef\xbb\xbf{}",
        b'"\\ud800"',
    ],
)
def test_what_two_readers_could_take_for_two_things_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(data, strict=True)
