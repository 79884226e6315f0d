"""What holds for every output, found by looking into the folder: hostile text does nothing in it, and nothing of it is lost."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache

import cmarkgfm
import pytest
from lxml import etree
from lxml.html import document_fromstring
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from s3guard.model import Report, Severity, Status, UsageError
from s3guard.outputs import PROVES, PROVES_OF_AUDIT, Options, Output, catalog, find, names
from s3guard.text import ci_safe, shown, unvisible, visible
from tests.outputs import golden, reports, runner
from tests.outputs.corpus import HOSTILE, SECRETS

OUTPUTS = catalog()
USUAL = Options(account="111122223333", region="eu-central-1")
WIDTHS = (40, 41, 53, 80, 100, 140)


def strings(value: object) -> Iterator[str]:
    """Every string of a JSON document, keys and numbers too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings(key)
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    else:
        yield str(value)


def of_json(text: str) -> list[str]:
    return list(strings(json.loads(text, parse_constant=pytest.fail)))


def of_xml(text: str) -> list[str]:
    root = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False))
    return [part for element in root.iter() for part in (*element.attrib.values(), element.text or "")]


def of_csv(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text), strict=True) for cell in row]


def of_markdown(text: str) -> list[str]:
    page = re.sub(r"<!--.*?-->", "", cmarkgfm.github_flavored_markdown_to_html(text))
    return [html.unescape(part) for part in re.split(r"<[^<>]*>", page)]


def of_html(text: str) -> list[str]:
    root = document_fromstring(text)
    parts = [part for element in root.iter() for part in (*element.attrib.values(), element.text or "", element.tail or "")]
    return [*parts, root.text_content()]


def of_json_lines(text: str) -> list[str]:
    return [part for line in text.split("\n")[:-1] for part in of_json(line)]


def of_metrics(text: str) -> list[str]:
    families = list(text_string_to_metric_families(text))
    labels = [value for family in families for sample in family.samples for value in sample.labels.values()]
    return [text, *(family.documentation for family in families), *labels]


def of_lines(text: str) -> list[str]:
    """The text itself, and the messages of workflow commands as the runner gives them on."""
    told = [command.data for line in text.splitlines() if (command := runner.github(line))]
    return [text, *told]


READERS: dict[str, Callable[[str], list[str]]] = {
    ".json": of_json,
    ".sarif": of_json,
    ".xml": of_xml,
    ".csv": of_csv,
    ".md": of_markdown,
    ".html": of_html,
    ".jsonl": of_json_lines,
    ".prom": of_metrics,
    ".txt": of_lines,
}
"""What a reader of a file with that ending is given; an output with another ending needs its reader here."""


def rendered(output: Output, report: Report, options: Options = USUAL) -> str:
    return "".join(output.render(report, options))


def read(output: Output, report: Report) -> list[str]:
    return READERS[output.extension](rendered(output, report))


@cache
def of_hostile(name: str, width: int = 0) -> str:
    """The hostile report in a format, rendered once, since many tests read it; of the width of a terminal where one is given."""
    return rendered(OUTPUTS[name], reports.hostile(), replace(USUAL, width=width) if width else USUAL)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def holding(text: str) -> Report:
    """A report with one finding of one hostile text."""
    found = reports.finding(message=f"<{text}> wrote", subject={"key": text}, samples=())
    return reports.report(reports.result(status=Status.FAIL, findings=(found,), violations=3), status=Status.FAIL, exit_code=1)


FIGURES = "openmetrics"
"""The output that holds counts alone: its own tests say that no text of a log is in it, and how it tells what was not looked at."""
every_output = pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
every_kind = pytest.mark.parametrize("kind", [*golden.KINDS, *reports.SAMPLES])


def built(kind: str) -> Report:
    return (reports.SAMPLES | golden.KINDS)[kind]() if kind != "hostile" else reports.hostile()


def test_the_folder_is_the_list_of_outputs() -> None:
    assert tuple(OUTPUTS) == names()
    assert {"json", "junit", "sarif", "text"} <= set(names())


@every_output
def test_an_output_says_in_one_line_what_it_is_and_how_its_files_end(output: Output) -> None:
    assert re.fullmatch(r"[A-Z].{20,140}\.", output.help)
    assert re.fullmatch(r"\.[a-z]+", output.extension)


def test_an_unknown_output_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match=r"there is no output 'jsn'; did you mean 'json'\? Outputs: "):
        find("jsn")
    with pytest.raises(UsageError, match=r"there is no output '\\u\{1b\}'\. Outputs: "):
        find("\x1b")


@every_output
@every_kind
def test_other_peoples_parsers_read_every_report(output: Output, kind: str) -> None:
    assert read(output, built(kind))


@every_output
@every_kind
def test_the_same_report_gives_the_same_bytes(output: Output, kind: str) -> None:
    assert rendered(output, built(kind)).encode() == rendered(output, built(kind)).encode()


@every_output
@every_kind
def test_every_report_ends_with_a_line_end(output: Output, kind: str) -> None:
    assert rendered(output, built(kind)).endswith("\n")


@every_output
@every_kind
def test_every_output_says_what_was_looked_at_and_what_it_proves(output: Output, kind: str) -> None:
    report = built(kind)
    told = squeezed("".join(read(output, report)))
    assert squeezed(PROVES) in told
    assert re.search(rf"(?<![\d,.]){report.coverage.records:,}|(?<!\d){report.coverage.records}(?!\d)", " ".join(read(output, report)))


@every_output
def test_an_audit_of_the_configuration_claims_nothing_of_records(output: Output) -> None:
    of_audit, of_records = reports.result("logging", records=0), reports.result()
    audit = replace(reports.empty(), results=(of_audit,), notes=(PROVES_OF_AUDIT,))
    nothing = replace(audit, results=())
    both = reports.report(of_audit, of_records, notes=(PROVES_OF_AUDIT, PROVES))
    for report, claims in ((audit, {PROVES_OF_AUDIT}), (nothing, {PROVES_OF_AUDIT}), (both, {PROVES, PROVES_OF_AUDIT})):
        told = squeezed("".join(read(output, report)))
        assert claims == {claim for claim in (PROVES, PROVES_OF_AUDIT) if squeezed(claim) in told}


@every_output
def test_what_could_not_be_looked_at_is_in_every_output(output: Output) -> None:
    told = squeezed(" ".join(read(output, reports.undetermined()))).lower()
    assert output.name == FIGURES or "nobuckethasmatchedphi-*" in told or "nobucketmatchesphi-*" in told
    assert "quarantined" in told
    for kind in ("unjudgeable", "empty"):
        assert len(rendered(output, reports.SAMPLES[kind]())) > 0


@every_output
def test_nothing_hidden_is_left_of_hostile_text(output: Output) -> None:
    text = of_hostile(output.name)
    for part in (text, *READERS[output.extension](text)):
        plain = part.replace("\r\n", " ").replace("\n", " ").replace("\\u{", " ")
        assert visible(plain) == plain


@every_output
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_reads_back_from_every_output(output: Output, name: str) -> None:
    value = HOSTILE[name] if len(HOSTILE[name]) <= 200 else HOSTILE[name][:30]
    told = [squeezed(part) for part in read(output, holding(value))]
    if output.name == FIGURES:
        assert read(output, holding(value)) == read(output, holding("something else"))
        return
    assert any(squeezed(value) in squeezed(unvisible(part)) for part in (*told, *(part.replace("\\\\", "\\") for part in told)))


@every_output
@pytest.mark.parametrize("name", SECRETS)
def test_no_output_holds_a_credential(output: Output, name: str) -> None:
    report = holding(SECRETS[name])
    assert "TOPSECRET" not in rendered(output, report, replace(USUAL, width=10_000))


@every_output
def test_no_output_holds_a_credential_of_any_place(output: Output) -> None:
    assert "TOPSECRET" not in squeezed("".join(READERS[output.extension](of_hostile(output.name))))


OBEYED_ANYWHERE = re.compile(r"##\[|##vso\[|##teamcity\[", re.IGNORECASE)
OBEYED_AT_A_LINE = re.compile(rf"::(?:{'|'.join(map(re.escape, sorted(runner.REGISTERED)))})(?: [^\n]*?)?::")


@every_output
@pytest.mark.parametrize("width", WIDTHS)
def test_no_ci_system_obeys_hostile_text_wherever_a_line_is_broken(output: Output, width: int) -> None:
    text = of_hostile(output.name, width if output.name == "text" else 0)
    assert OBEYED_ANYWHERE.search(text) is None
    if output.name == "github":
        # NOTE: it is made of commands: one a line, begun by us, and nothing behind it is another.
        assert all(re.match(r"::(error|warning|notice) [^\n]*?::", line) for line in text.splitlines())
        text = re.sub(r"^::[a-z]+ [^\n]*?::", "", text, flags=re.MULTILINE)
    elif output.name == "csv":
        # NOTE: nobody breaks the lines of a table, and each begins with a word of ours.
        assert runner.obeyed(text) == []
        return
    # NOTE: anywhere in the text, so also where a terminal, or somebody who wraps it, begins a line.
    assert OBEYED_AT_A_LINE.search(text) is None


def test_junit_holds_no_attachment_for_jenkins() -> None:
    assert "[[" not in of_hostile("junit")


@every_output
def test_every_line_of_hostile_text_belongs_to_the_report(output: Output) -> None:
    """A log value starts no line of its own: the report has as many lines as with harmless text of as many characters."""
    if output.name == "text":
        pytest.skip("it wraps by the width of characters; its own tests hold every line against its shape")
    lines = {len(rendered(output, holding(value)).splitlines()) for value in ("a\nPASS x", "a\rPASS x", "a\x85PASS x", "a\u2028PASS x")}
    assert len(lines) == 1


@every_output
def test_the_clock_of_the_run_changes_nothing_but_the_run(output: Output) -> None:
    report = reports.failing()
    later = replace(report.run, id="run-2", started=report.run.started + timedelta(9), finished=report.run.finished + timedelta(9))
    first, second = rendered(output, report), rendered(output, replace(report, run=later))
    stamps = re.compile(r'run-[12]|"(?:started|finished|startTimeUtc|endTimeUtc)": "[^"]*"')
    if output.name in ("junit", "csv"):
        assert first == second
    elif output.name in ("json", "sarif"):
        assert stamps.sub("", first) == stamps.sub("", second)


@every_output
def test_severity_names_and_the_threshold_none_are_no_obstacle(output: Output) -> None:
    found = tuple(reports.finding(severity.value, severity=severity) for severity in Severity)
    report = reports.report(reports.result(status=Status.FAIL, findings=found), run=reports.run(None), exit_code=0)
    assert read(output, report)


def test_statements_are_the_same_for_all_and_visible() -> None:
    assert ci_safe(shown(PROVES)) == PROVES
