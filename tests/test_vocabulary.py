"""Dictionaries keep a value's code for good, and ask about each value once."""

from __future__ import annotations

import gc

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import vocabulary
from s3guard.vocabulary import CODED, Dictionary, Lookup, Vocabulary

VALUES = st.one_of(st.sampled_from(["-", "", "a", "b", "é", "\u2028"]), st.text(max_size=6))
BATCHES = st.lists(st.lists(st.one_of(st.none(), VALUES), max_size=12), max_size=6)


def texts(values: list[str | None]) -> pl.Series:
    """A String series."""
    return pl.Series(values, dtype=pl.String)


@given(BATCHES)
def test_a_code_stands_for_its_value_in_every_batch(batches: list[list[str | None]]) -> None:
    dictionary = Dictionary()
    known: dict[str, int] = {"-": 0}
    for batch in batches:
        codes = dictionary.encode(texts(batch))
        assert codes.dtype == pl.UInt32
        for value, code in zip(batch, codes, strict=True):
            assert (value is None) == (code is None)
            if value is not None:
                assert known.setdefault(value, code) == code
    assert dictionary.values.to_list() == sorted(known, key=lambda value: known[value])
    assert len(dictionary) == len(known)


def test_codes_stay_though_every_frame_that_used_them_is_gone() -> None:
    # NOTE: Polars forgets a mapping with the last series that uses it, so that "b" would get the code of "a".
    dictionary = Dictionary()
    first = dictionary.encode(texts(["a", "b"])).to_list()
    for _ in range(3):
        gc.collect()
        assert dictionary.encode(texts(["b"])).to_list() == first[1:]
        assert dictionary.encode(texts(["new", "a"])).to_list()[1:] == first[:1]
    assert dictionary.values.to_list() == ["-", "a", "b", "new"]


def test_the_dash_is_a_value_like_any_other_and_the_first() -> None:
    assert Dictionary().values.to_list() == ["-"]
    assert Dictionary().code("-") == 0


def test_the_code_of_one_value_adds_it_where_it_is_new() -> None:
    dictionary = Dictionary()
    assert (dictionary.code("x"), dictionary.code("y"), dictionary.code("x")) == (1, 2, 1)
    assert dictionary.encode(texts(["y"])).to_list() == [2]


def test_two_dictionaries_know_nothing_of_each_other() -> None:
    one, other = Dictionary(), Dictionary()
    one.encode(texts(["a", "b"]))
    assert other.encode(texts(["b"])).to_list() == [1]
    assert other.values.to_list() == ["-", "b"]


def test_a_thousand_values_come_back_in_the_order_in_which_they_were_met() -> None:
    dictionary = Dictionary()
    for start in range(0, 1000, 100):
        dictionary.encode(texts([f"v{number}" for number in range(start, start + 100)]))
        assert len(dictionary) == start + 101
    assert dictionary.values.to_list() == ["-", *(f"v{number}" for number in range(1000))]


def test_owner_and_requester_share_a_dictionary_and_no_other_columns_do() -> None:
    words = Vocabulary()
    assert words["bucket_owner"] is words["requester"]
    assert len({id(words[name]) for name in CODED}) == len(CODED)
    with pytest.raises(KeyError):
        words["key"]


def test_a_vocabulary_is_full_when_one_column_met_too_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "LIMIT", 3)
    words = Vocabulary()
    words["operation"].encode(texts(["a", "b"]))
    assert not words.full
    words["remote_ip"].encode(texts(["a", "b", "c"]))
    assert words.full


@given(BATCHES)
def test_a_lookup_asks_about_each_value_once(batches: list[list[str | None]]) -> None:
    asked: list[str] = []

    def length(values: pl.Series) -> pl.Series:
        asked.extend(values)
        return values.str.len_chars()

    dictionary = Dictionary()
    lookup = Lookup(dictionary, length)
    for batch in batches:
        frame = dictionary.encode(texts(batch)).alias("code").to_frame()
        found = frame.select(lookup.of("code"), lookup.of(pl.col("code")).alias("again"))
        assert found.to_series(0).to_list() == [None if value is None else len(value) for value in batch]
        assert found["again"].to_list() == found.to_series(0).to_list()
    assert len(asked) == len(set(asked)) <= len(dictionary)


def test_a_vocabulary_is_full_when_the_values_of_one_column_are_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven hundred user agents of a MiB are few, and took 1.8 GB."""
    monkeypatch.setattr(vocabulary, "LARGEST", 10_000)
    words = Vocabulary()
    words["user_agent"].encode(pl.Series(["x" * 4_000]))
    assert not words.full
    words["user_agent"].encode(pl.Series(["y" * 8_000]))
    assert words.full


ANSWERS = st.one_of(st.lists(st.booleans(), max_size=20), st.lists(st.sampled_from([True, False, None]), max_size=20))


@given(ANSWERS, st.data())
def test_every_code_has_the_answer_of_its_value_and_none_has_none(answers: list[bool | None], data: st.DataObject) -> None:
    dictionary = Dictionary()
    codes = [0, *(dictionary.code(f"value {place}") for place in range(len(answers)))]
    told = dict(zip(codes, [None, *answers] if None in answers else [False, *answers], strict=True))
    lookup = Lookup(dictionary, lambda values: pl.Series([told[code] for code in codes[: len(values)]], dtype=pl.Boolean))
    asked = data.draw(st.lists(st.sampled_from([None, *codes])))
    rows = pl.DataFrame({"code": pl.Series(asked, dtype=pl.UInt32)})
    found = rows.select(lookup.of("code").alias("told")).to_series()
    assert found.dtype == pl.Boolean
    assert found.to_list() == [None if code is None else told[code] for code in asked]
