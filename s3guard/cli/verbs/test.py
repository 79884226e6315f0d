"""``s3guard test``: whether policies say of the records in their tests what the tests expect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from s3guard import files
from s3guard.cli import choices, ending, options, terminal
from s3guard.cli.options import WRITTEN
from s3guard.outputs import Options, json_text, plural
from s3guard.page import DIM, GREEN, RED, Page
from s3guard.text import shown

if TYPE_CHECKING:
    from s3guard.tested import Miss, Outcome

ORDER = 2
EXAMPLES = """
s3guard test
s3guard test policies/phi-records.yaml
s3guard test --junit build/policy-tests.xml
"""
FINDINGS = 5
"""Findings of a rule that was expected to be something else that are told."""


def test(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATHS", help="Policy files, or folders of them. [default: --policy, else policies/]", show_default=False),
    ] = None,
    *,
    policy: options.Policies = None,
    junit: Annotated[Path | None, options.flag("--junit", takes="FILE", panel=WRITTEN, says="Write the tests as JUnit XML, too.")] = None,
    format: Annotated[str | None, options.flag("--format", takes="FORMAT", panel=WRITTEN, says="text or json. [default: text]")] = None,  # noqa: A002 - the flag's name
    allow_empty: options.AllowEmpty = False,
    color: options.Color = None,
    verbose: options.Trace = False,  # noqa: ARG001 - whoever runs the verb looks at it
) -> int:
    """Run the tests inside policies.

    Each test judges its own records by its own policy, as a check would; what they leave out is as in an ordinary record, and - empties a
    column. Ends with 1 where a rule is not what a test expects of it, and with 4 where no policy has a test.
    """
    from s3guard import tested
    from s3guard.policy import load

    done = list(tested.run(load(paths or options.policies(policy))))
    look = terminal.options(choices.one_of(context, "color", color or "auto"), choices.of(context).environ)
    if junit is not None:
        files.write(junit, [_junit(done)])
    if choices.one_of(context, "format", format or "text") == "json":
        terminal.put([json_text([_document(one) for one in done])])
    else:
        terminal.put(f"{line}\n" for line in _page(done, look))
    if not all(one.passed for one in done):
        return ending.VIOLATED
    return ending.CLEAN if done or allow_empty else ending.IDLE


def _page(done: Sequence[Outcome], look: Options) -> Iterator[str]:
    """A line a test, and below it what is not as expected."""
    page = Page(look.width, look.color, look.ascii, gutter=4)
    for one in done:
        label, style = ("pass", GREEN) if one.passed else ("FAIL", RED)
        yield from page.ends(label, page.clean(one.name), page.clean(one.policy), style)
        if not one.passed:
            yield from page.lines("", page.clean(f"{one.location.file}:{one.location.line}"), DIM)
        for miss in one.misses:
            for line in _lines(miss):
                yield from page.lines("", page.clean(line), most=4)
    failed = sum(not one.passed for one in done)
    yield from [""] if done else []
    yield f"{plural(len(done), 'test')}: {len(done) - failed:,} passed, {failed:,} failed" if done else "no policy has a test"


def _lines(miss: Miss) -> Iterator[str]:
    """What was expected and found, and the findings, each by itself."""
    yield f"{miss.rule}: {miss.told}" if miss.rule else miss.told
    findings = () if miss.result is None else miss.result.findings
    for finding in findings[:FINDINGS]:
        yield f"- {finding.message} [{finding.severity.value}{', waived' if finding.waiver else ''}]"
    if len(findings) > FINDINGS:
        yield f"- and {plural(len(findings) - FINDINGS, 'more finding')}"


def _junit(done: Sequence[Outcome]) -> str:
    from s3guard.outputs.junit import Case, of_tests

    def case(one: Outcome) -> Case:
        told = [f"{one.location.file}:{one.location.line}", *(line for miss in one.misses for line in _lines(miss))]
        failure = "; ".join(f"{miss.rule}: {miss.told}" if miss.rule else miss.told for miss in one.misses)
        return Case(one.name, failure or None, "\n".join(told))

    return of_tests((name, [*map(case, group)]) for name, group in groupby(done, key=lambda one: one.policy))


def _document(one: Outcome) -> dict[str, Any]:
    misses = [
        {
            "rule": miss.rule,
            "said": shown(miss.told),
            "findings": [] if miss.result is None else [shown(finding.message) for finding in miss.result.findings[:FINDINGS]],
        }
        for miss in one.misses
    ]
    return {
        "policy": one.policy,
        "name": shown(one.name),
        "status": "pass" if one.passed else "fail",
        "location": {"file": shown(one.location.file), "line": one.location.line},
        "expected": one.expected,
        "misses": misses,
    }
