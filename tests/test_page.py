"""Lines hung on one axis: labels before it, text behind it, colour only when asked for."""

from __future__ import annotations

import pytest

from s3guard.page import BOLD, NARROWEST, RED, WIDEST, Page

PLAIN = Page(80, color=False, ascii=False)


def test_labels_end_and_text_begins_at_the_axis() -> None:
    assert list(PLAIN.lines("help", "one two")) == ["        help  one two"]


def test_a_paragraph_goes_on_behind_the_axis() -> None:
    assert list(PLAIN.lines("help", "word " * 20))[1] == " " * 14 + "word word word word word word word"


def test_a_line_that_is_too_long_is_cut() -> None:
    (line,) = PLAIN.line("", "x" * 100)
    assert line == " " * 14 + "x" * 65 + "…"


def test_a_remark_stands_at_the_right_edge_or_below() -> None:
    assert list(PLAIN.ends("rule", "writers", "high")) == ["        rule  writers" + " " * 55 + "high"]
    assert list(PLAIN.ends("rule", "w" * 60, "remark")) == ["        rule  " + "w" * 60, " " * 14 + "remark"]


@pytest.mark.parametrize(("asked", "given"), [(1, NARROWEST), (80, 80), (500, WIDEST)])
def test_the_width_stays_within_what_people_read(asked: int, given: int) -> None:
    assert Page(asked, color=False, ascii=False).room == given - 14


def test_colour_surrounds_labels_and_lines_and_never_spaces_at_their_end() -> None:
    page = Page(80, color=True, ascii=False)
    assert list(page.lines("a", "b", BOLD, RED)) == ["\x1b[31m           a\x1b[0m  \x1b[1mb\x1b[0m"]
    assert list(page.lines("", "")) == [""]


def test_values_are_masked_made_visible_and_broken_for_ci_systems() -> None:
    assert PLAIN.clean("\x1b[2J ##vso[x] ?Signature=abc") == "\\u{1b}[2J \\u{23}#vso[x] ?Signature=***"
    assert PLAIN.clean("x" * 2000).endswith("x…")


def test_ascii_pages_hold_ascii_alone() -> None:
    page = Page(80, color=False, ascii=True)
    assert page.clean("é" + "x" * 2000).startswith("\\u{e9}x")
    assert page.clean("x" * 2000).endswith("x...")
    assert page.times == "x"
    assert PLAIN.times == "\N{MULTIPLICATION SIGN}"
