"""Patterns over texts of which not every character is known."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.audit.likeness import DIGIT, matches, pattern, text


@pytest.mark.parametrize(
    ("asked", "told", "expected"),
    [
        ("*", "", True),
        ("a*c", "abc", True),
        ("a?c", "ac", False),
        ("logs/app/*", "logs/app/${key}", True),
        ("logs/app", "logs/app/${key}", False),
        ("logs/app/2026*", "logs/app/${key}", None),
        ("${Logs}/*", "${Logs}/app/x", True),
        ("${Logs}/*", "${Other}/app/x", None),
        ("logs", "${Logs}", None),
        ("?", "${Logs}", None),
        ("${aws:username}x", "logs", False),
        ("a${aws:username}", "logs", False),
    ],
)
def test_a_pattern_matches_surely_or_perhaps_or_not(asked: str, told: str, *, expected: bool | None) -> None:
    assert expected is matches(pattern(asked), text(told))


def test_a_digit_that_is_not_known_is_surely_taken_by_a_wildcard_alone() -> None:
    assert [True, None, False, False] == [matches(pattern(asked), (DIGIT, "x")) for asked in ("?x", "7x", "?y", "/x")]


def test_wildcards_of_a_text_are_characters() -> None:
    assert (True, False) == (matches(text("a*"), text("a*")), matches(text("a*"), text("ab")))


LETTERS = st.text("ab/", max_size=6)
PATTERNS = st.lists(st.one_of(LETTERS, st.sampled_from(["*", "?"])), max_size=4).map("".join)


@given(PATTERNS, LETTERS)
def test_of_known_texts_it_is_the_usual_wildcard_match(asked: str, told: str) -> None:
    regex = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in asked)
    assert (re.fullmatch(regex, told, re.DOTALL) is not None) is matches(pattern(asked), text(told))


@given(asked=PATTERNS, before=LETTERS, value=LETTERS, after=LETTERS, both=st.booleans())
def test_what_is_sure_stays_so_whatever_a_symbol_becomes(asked: str, before: str, value: str, after: str, *, both: bool) -> None:
    symbolic = asked + ("${x}*" if both else "")
    answer = matches(pattern(symbolic), text(f"{before}${{x}}{after}"))
    # NOTE: the symbol's value is a text, so its own wildcards (it has none here) would be characters.
    become = matches(pattern(symbolic.replace("${x}", value)), text(f"{before}{value}{after}"))
    assert answer is None or answer is become
