"""The Markdown page as GitHub's own renderer (cmark-gfm) reads it: what we wrote is structure, what strangers wrote is text."""

from __future__ import annotations

from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options as Cmark
from hypothesis import given, settings
from hypothesis import strategies as st

from s3guard.model import Report, Status, UnableError
from s3guard.outputs import PROVES, Options, markdown
from s3guard.text import shown, visible
from tests.outputs import golden, reports, runner
from tests.outputs.corpus import HOSTILE, SECRETS

OURS = {"h2", "h3", "p", "strong", "code", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "br"}
HOSTILE_TEXT = st.text(st.one_of(st.characters(), st.sampled_from("`|\\*_[]()<>!#@$&;:./-\n\r~=+w0a ")), max_size=60)


class Page(HTMLParser):
    """What a browser would find: elements, attributes, texts of `<code>`, rows of tables."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: list[str] = []
        self.codes: list[str] = []
        self.rows: list[int] = []
        self.text = ""
        self.inside = False
        self.feed(cmarkgfm.github_flavored_markdown_to_html(source, options=Cmark.CMARK_OPT_UNSAFE))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag == "code":
            self.inside = True
            self.codes.append("")
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "code":
            self.inside = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.inside:
            self.codes[-1] += data


def page(report: Report, limit: int = 1_000_000) -> str:
    return markdown.render(report, Options(markdown_limit=limit))


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("kind", golden.KINDS)
def test_each_kind_of_report_looks_as_in_its_golden_file(kind: str) -> None:
    golden.expect(f"markdown/{kind}.md", markdown.render(golden.KINDS[kind](), Options()))


@settings(deadline=None)
@given(HOSTILE_TEXT)
def test_any_text_in_a_table_cell_stays_that_text(text: str) -> None:
    read = Page(f"| a | b |\n| --- | --- |\n| {markdown.code(visible(text))} | x |\n")
    assert read.codes == [visible(text)]
    assert set(read.elements) <= OURS
    assert read.rows == [2, 2]


@settings(deadline=None)
@given(HOSTILE_TEXT)
def test_any_sentence_stays_words(text: str) -> None:
    sentence = visible(text)
    read = Page(f"- {markdown.prose(sentence)}\n")
    assert words(read.text) == words(sentence)
    assert set(read.elements) <= {"ul", "li", "code"}
    assert read.elements.count("li") == 1


@pytest.mark.parametrize("text", [*HOSTILE.values(), *SECRETS.values()])
def test_hostile_text_makes_no_element(text: str) -> None:
    for source in (markdown.code(shown(text)), markdown.prose(shown(text)) or "x"):
        assert set(Page(f"x {source}").elements) <= {"p", "code"}


@pytest.mark.parametrize(
    "text", ["root@evil.example", "mailto:a@b.example", "xmpp:a@b.example", "www.evil.example", "https://evil.example/x"]
)
def test_no_address_becomes_a_link(text: str) -> None:
    assert Page(f"| a |\n| --- |\n| {markdown.code(text)} {markdown.prose(text)} |\n").elements.count("a") == 0


@pytest.mark.parametrize(
    "text", ["@team", "#12", "owner/repo#1", "GH-7", "a@b.example", ":tada:", "$x$", "<b>", "1.", "1)", "-", "0123abcdef"]
)
def test_what_github_would_refer_to_or_compute_stands_in_code(text: str) -> None:
    assert Page(f"- {markdown.prose(f'{text} x')}\n").codes != []


@pytest.mark.parametrize("kind", [*golden.KINDS, "everything hostile"])
def test_a_page_holds_no_element_attribute_or_command_but_ours(kind: str) -> None:
    source = page(golden.KINDS.get(kind, reports.hostile)())
    read = Page(source)
    assert set(read.elements) <= OURS
    assert set(read.attributes) <= {"align"}
    assert "TOPSECRET" not in read.text
    assert visible(read.text.replace("\n", "").replace("\\u{", "")) == read.text.replace("\n", "").replace("\\u{", "")
    assert runner.obeyed(source) == []


def test_every_hostile_value_comes_back_from_the_page() -> None:
    codes = set(Page(page(reports.hostile(), 10_000_000)).codes)
    for text in HOSTILE.values():
        if len(shown(text)) <= 500:
            assert shown(text) in codes


def test_a_violation_says_who_how_often_since_when_where_and_what_to_do() -> None:
    told = words(Page(page(reports.failing())).text)
    for part in (
        "s3guard: FAIL",
        "2 of 6 checks failed",
        "exit code 1",
        reports.ARN,
        "2026-10-01 00:00:00 to 01:00:00",
        "s3://logs/phi-records/2026-10-01-00-01:1",
        "What to do: Whoever writes records",
        "policies/phi-records.yaml:17",
        "hipaa 164.308(a)(3)(ii)(A)",
        "waived until 2027-03-31, by ciso@example.org, under SEC-1412, for Migration",
        "high, known",
    ):
        assert part in told


def test_a_rule_without_help_or_controls_says_nothing_about_them() -> None:
    failed = reports.result(status=Status.FAIL, findings=(reports.finding(),), help="", controls=())
    told = words(Page(page(reports.report(failed))).text)
    assert "What to do" not in told
    assert "Policy: policies/phi-records.yaml:17 Controls" in told


def test_what_could_not_be_looked_at_is_told_with_its_reason() -> None:
    told = words(Page(page(reports.undetermined())).text)
    for part in ("s3guard: UNDETERMINED", "the lines have no TLS columns", "the gzip stream ends early", "nobody-looks", "41 lines"):
        assert part in told


@pytest.mark.parametrize("kind", golden.KINDS)
def test_every_page_says_what_was_looked_at_and_what_it_proves(kind: str) -> None:
    told = words(Page(page(golden.KINDS[kind]())).text)
    assert "Looked at" in told
    assert PROVES in told


@pytest.mark.parametrize("limit", [4_000, 20_000, 65_000, 1_048_576])
@pytest.mark.parametrize("kind", ["flood", "everything hostile"])
def test_a_page_fits_and_says_what_it_left_out(kind: str, limit: int) -> None:
    report = reports.flood() if kind == "flood" else reports.hostile()
    source = page(report, limit)
    assert len(source.encode()) <= limit
    assert "left out here" in source or limit > 65_000
    assert set(Page(source).elements) <= OURS


def test_a_page_without_room_for_a_verdict_is_an_error() -> None:
    with pytest.raises(UnableError, match="no Markdown report fits into 100 bytes"):
        page(reports.clean(), 100)
