"""Lines for people: measured in columns of a screen, wrapped and cut without breaking an escape."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from s3guard.layout import ascii_only, fit, pad, width, wrap
from s3guard.text import unvisible, visible

TEXTS = st.text(st.one_of(st.characters(), st.sampled_from(" /:,-\\u{}\x1b\u202e漢\u0301")), max_size=200)
WHOLE = re.compile(r"\\u\{[0-9a-f]{1,6}\}")


def without_escapes(lines: list[str]) -> str:
    return WHOLE.sub("", "\n".join(lines))


@given(TEXTS, st.integers(10, 60))
def test_no_wrapped_line_is_wider_than_asked(text: str, columns: int) -> None:
    assert all(width(line) <= columns for line in wrap(visible(text), columns))


@given(TEXTS, st.integers(10, 60))
def test_wrapping_loses_nothing_but_spaces(text: str, columns: int) -> None:
    assert "".join(wrap(visible(text), columns)).replace(" ", "") == visible(text).replace(" ", "")


@given(TEXTS, st.integers(10, 60), st.integers(1, 3))
def test_no_escape_is_cut_in_half(text: str, columns: int, most: int) -> None:
    clean = unvisible(visible(text))
    assert clean == text
    for lines in (wrap(visible(text), columns), wrap(visible(text), columns, most), [fit(visible(text), columns)]):
        assert "\\u{" not in without_escapes(lines)


@given(TEXTS, st.integers(10, 60), st.integers(1, 3))
def test_a_bounded_paragraph_says_where_it_was_cut(text: str, columns: int, most: int) -> None:
    whole, cut = wrap(visible(text), columns), wrap(visible(text), columns, most)
    assert len(cut) <= most
    assert (cut == whole) or cut[-1].endswith("…")
    assert all(width(line) <= columns for line in cut)


@given(TEXTS, st.integers(1, 60))
def test_a_fitted_text_is_never_wider_than_asked(text: str, columns: int) -> None:
    assert width(fit(visible(text), columns)) <= columns


def test_ideographs_take_two_columns_and_combining_marks_none() -> None:
    assert (width("漢字"), width("e\u0301"), width("abc")) == (4, 1, 3)
    assert pad("漢", 4) == "漢  "


def test_a_long_word_breaks_behind_a_separator() -> None:
    lines = wrap("arn:aws:sts::111122223333:assumed-role/records-service/i-0123456789abcdef", 40)
    assert lines == ["arn:aws:sts::111122223333:assumed-role/", "records-service/i-0123456789abcdef"]


def test_a_word_of_200_000_characters_is_wrapped_in_linear_time() -> None:
    assert len(wrap("x" * 200_000, 70)) == 2_858


@given(st.text())
def test_ascii_text_reads_back(text: str) -> None:
    shown = ascii_only(visible(text))
    assert shown.isascii()
    assert unvisible(shown) == text
