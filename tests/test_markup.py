"""Text is never markup, whoever wrote it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import fragment_fromstring

from s3guard.markup import Markup, element, joined, number, seen, value
from s3guard.text import shown, unvisible
from tests.outputs.corpus import HOSTILE

texts = st.text(max_size=60) | st.sampled_from([one for one in HOSTILE.values() if len(one) < 100])


@given(texts)
def test_a_text_comes_back_from_a_parser_as_it_is_shown(text: str) -> None:
    made = fragment_fromstring(str(element("p", text, title=text)))
    assert ("p", [], shown(text), shown(text)) == (made.tag, list(made), made.text or "", made.get("title"))


@given(texts)
def test_a_value_is_set_apart_and_reads_back(text: str) -> None:
    made = fragment_fromstring(str(element("p", value(text))))
    assert ["bdi"] == [child.tag for child in made]
    if "TOPSECRET" not in text and "=" not in text:
        assert text == unvisible(made[0].text or "")


def test_an_element_in_an_element_stays_one() -> None:
    assert "<p>a <b>x &lt;i&gt;</b></p>\n" == element("p", "a ", element("b", "x <i>"), None)
    assert "<b>1</b>, 2" == joined([element("b", "1"), "2"], ", ")


def test_what_a_ci_system_would_obey_is_spelled_in_entities() -> None:
    assert "##[" not in seen("##[group]")
    assert "::error" not in seen("::error::x")


def test_names_of_attributes_are_those_of_html_and_none_is_left_out() -> None:
    assert '<path class="a" aria-label="b" width="1.5"/>\n' == element("path", class_="a", aria_label="b", width=1.5, id=None)
    assert '<meta charset="utf-8">\n' == element("meta", charset="utf-8")
    assert isinstance(element("p"), Markup)


@pytest.mark.parametrize(
    ("amount", "text"), [(3.0, "3"), (0.25, ".25"), (-0.001, "0"), (100.0, "100"), (1.999, "2"), (-0.5, "-.5"), (0, "0")]
)
def test_a_coordinate_is_as_short_as_it_can_be(amount: float, text: str) -> None:
    assert text == number(amount)
