"""Globs over names: two special characters, every other one itself, and no pattern that takes long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.globs import is_glob, matches


@given(st.text("ab*?.[\n", max_size=12), st.text("ab.[*?\n", max_size=12))
def test_a_glob_matches_as_the_regular_expression_of_the_same_meaning(pattern: str, name: str) -> None:
    regex = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    assert (re.fullmatch(regex, name, re.DOTALL) is not None) is matches(pattern, name)


@given(st.text())
def test_every_text_without_special_characters_matches_itself_alone(text: str) -> None:
    literal = text.replace("*", "").replace("?", "")
    assert matches(literal, literal)
    assert not matches(literal, literal + "x")
    assert not is_glob(literal)


@pytest.mark.parametrize("pattern", ["*", "?", "a*", "a?b"])
def test_a_glob_has_a_special_character(pattern: str) -> None:
    assert is_glob(pattern)


def test_the_worst_pattern_takes_the_product_of_the_lengths() -> None:
    # NOTE: a backtracking regular expression would not come back from this one.
    assert not matches("*a" * 120 + "b", "a" * 250)
