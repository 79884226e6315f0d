"""The page: what stands in it and in which order, that nothing of a log is markup in it, that it is bounded and needs no network."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from functools import cache

import pytest
from lxml.html import HtmlElement, document_fromstring

from s3guard.fields import WARNINGS
from s3guard.model import BucketCoverage, Control, ControlStatus, Listed, Notified, Report, RunCoverage, Severity, Status, Unclear
from s3guard.outputs import PROVES, Options, html
from s3guard.text import shown, unvisible
from s3guard.verdict import because, headline
from tests.outputs import golden, reports, traffics
from tests.outputs.corpus import HOSTILE, SECRETS

KINDS = [*golden.KINDS, *reports.SAMPLES]


def built(kind: str) -> Report:
    report = (reports.SAMPLES | golden.KINDS)[kind]()
    return replace(reports.hostile(), traffic=traffics.hostile()) if kind == "hostile" else report


def page(report: Report) -> str:
    return html.render(report, Options())


def parsed(report: Report) -> HtmlElement:
    return document_fromstring(page(report))


def told(report: Report) -> str:
    return " ".join(parsed(report).text_content().split())


@pytest.mark.parametrize("kind", golden.KINDS)
def test_each_kind_of_report_looks_as_in_its_golden_file(kind: str) -> None:
    # NOTE: without the style, which has its own file and would be in each of them.
    bare = re.sub(r"<style>.*?</style>|sha256-[^']*", "", page(golden.KINDS[kind]()), flags=re.DOTALL)
    golden.expect(f"html/{kind}.html", bare)


def test_traffic_looks_as_in_its_golden_file() -> None:
    bare = page(replace(reports.clean(), traffic=traffics.traffic(24)))
    golden.expect("html/traffic.html", bare[bare.index('<section id="traffic"') : bare.index('<section id="controls"')])


def test_the_parts_stand_in_the_order_in_which_they_are_asked_for() -> None:
    whole = replace(
        built("undetermined"), traffic=traffics.traffic(24), results=(*reports.failing().results, *reports.undetermined().results)
    )
    headings = [heading.text_content() for heading in parsed(whole).iter("h1", "h2")]
    assert headings == [
        "Undetermined",
        "What failed",
        "What was covered, and what was not",
        "Findings",
        "Could not be judged",
        "Tolerated",
        "Passed, or did not apply",
        "Traffic",
        "Controls",
        "Policies as judged",
        "What this proves",
    ]
    links = [link.get("href") for link in parsed(whole).findall(".//nav//a")]
    assert [f"#{section.get('id')}" for section in parsed(whole).findall(".//main/section")] == links


@pytest.mark.parametrize("kind", KINDS)
def test_the_verdict_stands_first_with_exit_code_and_counts(kind: str) -> None:
    report = built(kind)
    header = parsed(report).find(".//header")
    assert header is not None
    words = header.text_content().lower()
    assert headline(report).lower() in words
    assert because(report).lower() in words


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_holds_no_script_and_asks_for_nothing(kind: str) -> None:
    text = page(built(kind))
    assert "<script" not in text
    assert "<style>" in text
    root = document_fromstring(text)
    assert {"a"} >= {element.tag for element in root.iter() if isinstance(element.tag, str) and element.get("href") is not None}
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name not in ("src", "style", "action", "formaction", "srcdoc", "data", "poster", "background", "ping", "xlink:href")
            assert name != "href" or value.startswith("#")
    assert {"meta", "title", "style"} == {element.tag for element in root.find("head")}
    style = root.findtext(".//style") or ""
    assert not re.search(r"url\(|@import|@font-face|expression\(|https?:", style)
    tags = {element.tag for element in root.iter() if isinstance(element.tag, str)}
    assert not tags & {
        "script",
        "iframe",
        "object",
        "embed",
        "img",
        "image",
        "link",
        "base",
        "form",
        "input",
        "button",
        "video",
        "audio",
        "use",
    }


@pytest.mark.parametrize("kind", ["clean", "hostile"])
def test_the_content_policy_allows_its_own_style_and_nothing_else(kind: str) -> None:
    text = page(built(kind))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in text
    # NOTE: what stands before a policy is not bound by it.
    assert text.startswith('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy"')


@cache
def harmless() -> frozenset[object]:
    """The elements of a page with harmless text in the same places."""
    return frozenset(
        element.tag for element in parsed(replace(reports.report(reports._hostile(1, "x")), traffic=traffics.traffic(1))).iter()
    )


@pytest.mark.parametrize("name", [*HOSTILE, *SECRETS])
def test_hostile_text_is_text_in_every_place(name: str) -> None:
    text = (HOSTILE | SECRETS)[name][:100]
    report = replace(
        reports.report(reports._hostile(1, text)), traffic=replace(traffics.traffic(1), tops=(traffics.top("key", [text], 9),))
    )
    root = parsed(report)
    assert {element.tag for element in root.iter()} <= harmless()
    if name in HOSTILE and text.strip():
        parts = [unvisible(element.text or "") for element in root.iter("bdi")]
        assert any(shown(text) in shown(part) for part in parts)
    assert "TOPSECRET" not in page(report)


def test_ids_are_unique_and_every_link_leads_somewhere() -> None:
    for kind in KINDS:
        root = parsed(replace(built(kind), traffic=traffics.traffic(24)))
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        assert {str(link.get("href"))[1:] for link in root.iter("a")} <= set(ids)
        named = {one for element in root.iter() for key in ("aria-labelledby", "aria-describedby") for one in element.get(key, "").split()}
        assert named <= set(ids)


def test_a_month_of_hours_stays_below_400_kb_and_a_thousand_findings_below_a_megabyte() -> None:
    month = replace(reports.failing(), traffic=traffics.traffic(744))
    assert len(page(month).encode()) < 250_000
    flood = replace(reports.flood(), traffic=traffics.traffic(744))
    assert len(page(flood).encode()) < 400_000
    many = replace(flood, results=tuple(replace(flood.results[0], bucket=f"bucket-{number}") for number in range(12)))
    assert len(page(many).encode()) < 1_000_000


def test_what_a_flood_leaves_out_is_told() -> None:
    words = told(reports.flood())
    assert "92 more findings" in words
    assert "900 more findings with 2,700 records left out here; the json output has them." in words
    assert "98,000 more findings with 5,000,000 records counted and not kept" in words


def test_checks_beyond_three_hundred_are_counted() -> None:
    failed = reports.result(status=Status.FAIL, findings=(reports.finding(),), violations=3)
    words = told(reports.report(*(replace(failed, bucket=f"b{number}") for number in range(310)), status=Status.FAIL, exit_code=1))
    assert "250 more checks failed; see below." in words
    assert "10 more checks left out here; the json output has them." in words


def test_a_finding_says_who_how_often_since_when_where_and_what_to_do() -> None:
    words = told(reports.failing())
    for part in (
        f"{reports.ARN} wrote 3 times and is not an allowed writer",
        "3\N{MULTIPLICATION SIGN}",
        "served, 2026-10-01 00:00:00 to 01:00:00 UTC, first in s3://logs/phi-records/2026-10-01-00-01:1",
        "REQ0000000000002",
        "What to do: Whoever writes records must be named in the policy.",
        "policies/phi-records.yaml:17",
        "hipaa 164.308(a)(3)(ii)(A)",
        reports.failing().results[0].findings[0].fingerprint,
    ):
        assert part in words


def test_what_fails_nothing_is_marked_as_waived_known_or_low() -> None:
    root = parsed(reports.failing())
    marks = {chip.text_content() for chip in root.findall(".//ul[@class='findings']//span") if "chip" in (chip.get("class") or "")}
    assert {"waived", "known", "low"} <= marks
    assert "Waived until 2027-03-31, by ciso@example.org, under SEC-1412, for Migration." in told(reports.failing())


def test_what_could_not_be_looked_at_is_told_with_its_reason() -> None:
    words = told(reports.undetermined())
    for part in (
        "no bucket matches phi-*",
        "the gzip stream ends early",
        "logs/denied",
        "2log objects unreadable",
        "41lines quarantined",
        "2lines ambiguous",
        "nobody-looks",
        "Longest time without a record: 20 h 2 min from 2026-10-02 02:58:00 UTC.",
        "More lines were quarantined than --max-unparsed allows.",
    ):
        assert part in words


def test_a_strip_shows_each_hour_of_a_bucket() -> None:
    strips = parsed(reports.undetermined()).findall(".//svg[@class='strip']")
    assert [{"role", "aria-labelledby"} <= set(strip.attrib) for strip in strips] == [True, True]
    assert any("hours" in (strip.findtext("title") or "") for strip in strips)


def test_warnings_sources_and_runs_are_told() -> None:
    usual = reports.clean()
    listed = Listed("s3://logs/", reports.START, reports.START, 172_800, 3, tuple(f"b{number}" for number in range(12)))
    coverage = replace(usual.coverage, warnings={"carriage-return": 7, "odd": 1}, listed=(listed,))
    judged = (RunCoverage("run-0", None, 3, 1, 900, ()),)
    words = told(replace(usual, coverage=coverage, run=replace(usual.run, judged=judged)))
    for part in (
        WARNINGS["carriage-return"],
        "48 h after the period for late deliveries",
        "and 2 more",
        "run-0",
        "this one, or never finished",
    ):
        assert part in words


def test_who_was_told_is_in_the_report() -> None:
    usual = reports.clean()
    assert "Who was told" not in told(usual)
    notified = (Notified("smtp://mail.example.org", "failed", 3, 0, 1, reason="connection refused"),)
    words = told(replace(usual, run=replace(usual.run, notified=notified)))
    for part in ("Who was told", "smtp://mail.example.org", "failed", "connection refused"):
        assert part in words


def test_buckets_beyond_forty_are_folded_with_their_hours() -> None:
    usual = reports.clean()
    buckets = tuple(BucketCoverage(f"b{number:03}", 5, ("p",), None, None, reports.hours(24)) for number in range(50))
    root = parsed(replace(usual, coverage=replace(usual.coverage, buckets=buckets)))
    assert 40 == len(root.findall(".//svg[@class='strip']"))
    assert "10 more buckets, less silent" in root.text_content()


def test_controls_are_told_with_what_became_of_their_checks_in_the_order_of_their_numbers() -> None:
    failed = reports.result(
        status=Status.FAIL, findings=(reports.finding(),), controls=(Control("pci-dss", "10.2"), Control("pci-dss", "4.2"))
    )
    report = reports.report(failed, reports.result("errors", controls=(Control("pci-dss", "10.2"),)), status=Status.FAIL, exit_code=1)
    stated = replace(report, controls=(ControlStatus("hipaa", "164.312(b)", "Audit controls", "partly", (), "Nothing else."),))
    words = told(stated)[told(stated).index("Which controls") :]
    assert words.index("164.312(b)") < words.index("4.2") < words.index("10.2")
    for part in ("Audit controls", "Partly evidenced: 1", "Nothing else.", "1 pass 1 fail", "2 checks"):
        assert part in words


def test_a_report_of_the_configuration_speaks_of_no_records() -> None:
    audit = reports.result(
        "logging", rule="p/logging/SAL-001", status=Status.FAIL, findings=(reports.finding(samples=(), records=0),), records=0
    )
    coverage = replace(reports.empty().coverage)
    words = told(reports.report(audit, status=Status.FAIL, exit_code=1, coverage=coverage))
    assert "No log was read: this is about how 1 bucket is set up to log." in words
    assert "0 records" not in words
    assert "The run read no log, so there is no traffic to draw." in words


def test_a_run_that_was_not_asked_for_the_traffic_says_so() -> None:
    assert "This run was not asked for the traffic. s3guard report draws it." in told(reports.clean())
    nothing = replace(traffics.traffic(1), intervals=())
    assert "No operation was judged, so there is no traffic to draw." in told(replace(reports.clean(), traffic=nothing))


def test_every_chart_has_its_sentence_its_limits_and_its_numbers() -> None:
    root = parsed(replace(reports.clean(), traffic=traffics.traffic(96)))
    figures = root.findall(".//figure")
    assert [figure.findtext(".//h3") for figure in figures] == [
        "Errors as a share of operations",
        "Read operations",
        "Write operations",
        "Bytes read",
        "Bytes written",
        "Total time",
        "Turn-around time",
        "Refused operations",
        "Error codes by number of operations",
        "Users by number of operations",
        "IP addresses by number of operations",
        "Keys by number of operations",
        "User agents by number of operations",
        "Buckets",
    ]
    assert all(figure.findall(".//figcaption/p") and figure.findall(".//table") for figure in figures)
    for figure, rule in zip(figures[:8], ("errors", "scan", "scan", "bulk", "bulk", "latency", "latency", "access_denied"), strict=True):
        assert rule in (figure.find("ul[@class='legend']").text_content())
        assert 96 == len(figure.findall("details//tbody/tr"))


def test_quarantined_and_ambiguous_lines_are_named_behind_the_charts() -> None:
    lines = (Unclear("logs/<b>x", 7, "quarantined", "it holds no time"), Unclear("logs/o", 9, "ambiguous", "two readings"))
    whole = parsed(replace(built("undetermined"), unclear=lines, traffic=traffics.traffic(3)))
    names = [section.get("id") for section in whole.findall(".//main/section")]
    assert names.index("unclear") == names.index("traffic") + 1
    said = whole.get_element_by_id("unclear").text_content()
    assert all(
        words in said for words in ("logs/<b>x:7", "it holds no time", "logs/o:9", "41 lines are no record", "41 more lines not named")
    )
    assert "unclear" not in [section.get("id") for section in parsed(built("undetermined")).findall(".//main/section")]


def test_a_month_has_a_row_a_day_below_its_charts() -> None:
    root = parsed(replace(reports.clean(), traffic=traffics.traffic(720)))
    assert 30 == len(root.findall(".//figure")[0].findall("details//tbody/tr"))


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_has_a_colour(severity: Severity) -> None:
    style = re.search(r"<style>(.*?)</style>", page(reports.clean()), re.DOTALL)
    assert style is not None
    assert severity is Severity.INFO or f".chip.{severity.value}" in style[1]


def test_what_it_proves_and_from_which_files_stands_at_the_end() -> None:
    words = told(reports.clean())
    assert PROVES in words
    assert "ab" * 32 in words
    assert "s3guard 1.2.3, engine local" in words
