"""Faults that pydantic finds, in plain words: no word of pydantic's, no address of its pages."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from s3guard import documents
from s3guard.nodes import plain
from s3guard.problems import Place, Problems
from s3guard.wording import report


class Inner(BaseModel):
    """A part of a model."""

    model_config = ConfigDict(extra="forbid")

    size: int = 0


class Model(BaseModel):
    """What people write."""

    model_config = ConfigDict(extra="forbid")

    inner: Inner = Inner()
    many: list[Inner] = []
    names: dict[str, str] = {}
    text: str = ""
    choice: Literal["a", "b"] = "a"
    number: int = 0
    odd: str = ""

    @field_validator("odd")
    @classmethod
    def is_odd(cls, value: str) -> str:
        """Always wrong."""
        raise ValueError(f"{value!r} is odd")


def told(text: str) -> list[str]:
    problems = Problems()
    (node,) = documents.read(text.encode(), "p", problems)
    try:
        Model.model_validate(plain(node))
    except ValidationError as error:
        report(error, Model, node, node.place, problems)
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("inner: [a]", "1:1: a mapping is expected here, not a list"),
        ("inner:", "1:1: a mapping is expected here, not nothing"),
        ("inner: {siz: 1}", "1:9: unknown key 'siz'; did you mean size?"),
        ("many: [{}, {sise: 1}]", "1:13: unknown key 'sise'; did you mean size?"),
        ("many: {}", "1:1: a list is expected here, not a mapping"),
        ("many: [x]", "1:8: a mapping is expected here, not text"),
        ("names: x", "1:8: a mapping is expected here, not text"),
        ("names: {a: [b]}", "1:9: a text is expected here, not a list"),
        ("text: {}", "1:1: a text is expected here, not a mapping"),
        ("choice: c", "1:9: what is expected here is 'a' or 'b'"),
        ("odd: 3", "1:6: '3' is odd"),
        ('odd: "\\e[31m\\u202e"', "1:6: '\\x1b[31m\\u202e' is odd"),
        ("zzz: 1", "1:1: unknown key 'zzz'; write inner, many, names, text, choice, number or odd"),
    ],
)
def test_a_fault_is_told_in_plain_words_at_its_place(text: str, expected: str) -> None:
    assert [f"p:{expected}"] == told(text)


def test_what_has_no_words_of_its_own_is_told_without_those_of_pydantic() -> None:
    (problem,) = told("number: x")
    assert problem.startswith("p:1:9: what is expected here is a valid integer")
    assert "Input should" not in problem
    assert "pydantic" not in problem


def test_all_faults_are_told() -> None:
    assert 3 == len(told("zzz: 1\nnumber: x\nchoice: c"))


def test_a_part_that_lacks_something_told_elsewhere_is_not_judged_as_a_whole() -> None:
    problems = Problems()
    (node,) = documents.read(b"x", "p", problems)
    with pytest.raises(ValidationError) as caught:
        Model.model_validate("x")
    report(caught.value, Model, node, Place("p"), problems, is_whole=False)
    assert not problems
    report(caught.value, Model, node, Place("p", 7, 7), problems)
    assert ["p:7:7: a mapping is expected here, not text"] == [str(problem) for problem in problems]
