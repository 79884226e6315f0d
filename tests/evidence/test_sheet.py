from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from s3guard.evidence import paged, printed
from s3guard.evidence.sheet import Part, Rows, Said, Sheet, Tone
from s3guard.layout import width
from s3guard.outputs import Options
from s3guard.text import CI_COMMAND, visible
from tests.outputs.corpus import HOSTILE


def sheet(text: str) -> Sheet:
    """A page that says a text wherever a stranger's may stand."""
    blocks: tuple[Said | Rows, ...] = (
        *(Said(f"It says {text}", tone) for tone in Tone),
        Rows(f"Table {text}", ("Name", "#Count", "What was seen"), ((text, "1,234", f"{text} " * 3), ("b", "2", "")), left=12),
    )
    parts = tuple(Part(f"part-{at}", f"Part {text}", blocks, short=text, note="3") for at in range(2))
    return Sheet(
        "fail", "Violations were found", f"1 of {text}", text, (Said(text, Tone.BAD),), (("Period", text), ("Rules", text * 9)), parts, text
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_acts_on_a_terminal_or_breaks_its_lines(name: str) -> None:
    for look in (Options(width=80), Options(width=60, ascii=True), Options(width=200), Options(width=80, verbose=True)):
        found = [*printed.lines(sheet(HOSTILE[name]), look)]
        assert [] == [line for line in found if width(line) > look.width]
        plain = "\n".join(found).replace("\\u{", "")
        assert "\n".join(map(visible, plain.split("\n"))) == plain
        assert CI_COMMAND.search(re.sub(r"[═─=-]{60,}", "", "\n".join(found))) is None
        assert not look.ascii or "".join(found).isascii()


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_becomes_markup(name: str) -> None:
    tags = re.compile(r"<[^>]*>")
    page = paged.render(sheet(HOSTILE[name]))
    assert len(tags.findall(paged.render(sheet("x")))) == len(tags.findall(page))
    assert "<script" not in page
    assert CI_COMMAND.search(re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)) is None


def test_the_page_forbids_everything_but_its_own_style() -> None:
    page = paged.render(sheet("x"))
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in html.unescape(page)
    assert [] == re.findall(r"""(?:src|href)="(?!#)""", page)


def test_a_terminal_has_colour_only_where_it_is_asked_for() -> None:
    assert "\x1b" not in "".join(printed.lines(sheet("x"), Options()))
    assert "\x1b[1;31mViolations were found\x1b[0m" in [*printed.lines(sheet("x"), Options(color=True))]


def test_rows_that_are_left_out_are_counted() -> None:
    assert "and 12 more, which the members of the pack hold" in "\n".join(printed.lines(sheet("x"), Options()))
    assert "and 12 more" in paged.render(sheet("x"))


def test_the_first_page_says_the_brief_and_no_more_rows_than_a_person_reads() -> None:
    table = Rows("Numbers", ("#Number", "Words"), tuple((f"{at}", "word " * 50) for at in range(25)), left=3)
    briefed = Part("briefed", "Briefed", (Said("all there is"),), brief=(Said("in short"),))
    page = replace(sheet("x"), parts=(briefed, Part("whole", "Whole", (table,))))
    first, whole = ("\n".join(printed.lines(page, Options(width=80, verbose=verbose))) for verbose in (False, True))
    assert ("in short" in first, "all there is" in first, "and 18 more, which --verbose shows" in first) == (True, False, True)
    assert ("in short" in whole, "all there is" in whole, "and 3 more, which the members" in whole) == (False, True, True)
    assert ("This is the first page" in first, "This is the first page" in whole) == (True, False)
    assert "all there is" in paged.render(page)
    assert len(first.splitlines()) < 60
