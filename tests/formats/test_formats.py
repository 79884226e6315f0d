"""The folder of formats: each says by the first bytes what is its own, and is read whichever way its bytes come."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import formats
from s3guard.formats import Parsers, Plain, Reading
from s3guard.origin import Block
from s3guard.sources import LogObject, UnreadableError
from s3guard.vocabulary import Vocabulary

ENTRY = LogObject("o", "o", None, "local")


def pieces(*data: bytes, fault: str | None = None) -> Iterator[bytes]:
    yield from data
    if fault is not None:
        raise UnreadableError(fault)


@pytest.mark.parametrize("name", formats.catalog())
def test_every_format_says_what_it_is_and_answers_what_it_is_asked(name: str) -> None:
    module = importlib.import_module(f"s3guard.formats.{name}")
    assert module.__doc__
    for answer in ("claims", "parts", "Parser"):
        assert getattr(module, answer).__doc__
    assert isinstance(module.ORDER, int)


def test_the_one_that_claims_everything_is_asked_last() -> None:
    names = list(formats.catalog())
    assert ["parquet", "json", "classic"] == names
    assert [False, False, True] == [formats.catalog()[name].claims(b"") for name in names]


@given(st.binary(max_size=600), st.lists(st.integers(0, 600), max_size=5))
def test_the_bytes_of_an_object_are_those_that_were_read_however_they_come(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, *cuts, len(data)})
    reading = Reading(remember=True)
    data = b"x" + data  # neither packed nor marked
    plain = Plain(ENTRY, pieces(*(data[a:b] for a, b in zip(places, [*places[1:], len(data)], strict=True))), reading)
    assert data[: len(plain.head)] == plain.head
    assert data == b"".join(plain)
    plain.remember()
    assert (len(data), len(data)) == (reading.bytes, reading.read[0][3])


@pytest.mark.parametrize("size", [1, 2, 3, 400])
def test_a_byte_order_mark_is_passed_over_however_it_comes(size: int) -> None:
    data, reading = b"\xef\xbb\xbf{}", Reading()
    plain = Plain(ENTRY, pieces(*(data[start : start + size] for start in range(0, len(data), size))), reading)
    assert (b"{}", b"{}", {"byte-order-mark": 1}) == (plain.head, b"".join(plain), reading.warnings)


@pytest.mark.parametrize("form", formats.catalog())
def test_what_cannot_be_read_is_told_whatever_the_format(form: str) -> None:
    reading = Reading(remember=True)
    plain = Plain(LogObject("o", "o", None, "elsewhere"), pieces(b"x\n", fault="gone"), reading)
    found = list(formats.catalog()[form].parts(plain))
    plain.remember()
    assert [("o", "gone")] == [(one.object, one.reason) for one in reading.unreadable]
    assert "gone" == reading.read[0][5]
    assert all(isinstance(one, Block) or one.data.endswith(b"\n") for one in found)


def test_a_file_that_is_gone_when_it_is_looked_at_again_is_unreadable(tmp_path: Path) -> None:
    reading = Reading()
    plain = Plain(LogObject("o", str(tmp_path / "o"), None, "local"), pieces(b"PAR1"), reading)
    assert [] == list(formats.catalog()["parquet"].parts(plain))
    assert ["no such file or directory"] == [one.reason for one in reading.unreadable]


def test_a_parser_is_made_once_for_each_format_that_is_met() -> None:
    parsers: Any = Parsers(Vocabulary())
    for form in ("classic", "json", "classic"):
        parsers.parse(Block(b"\n", (), (), form=form))
    assert {"classic", "json"} == set(parsers._made)
