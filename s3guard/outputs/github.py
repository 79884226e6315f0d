"""Annotations for GitHub Actions on the lines of the policies, and the whole page in the job summary.

Standard output gets workflow commands: an ``error`` for each check that fails the run, at the line of the policy that asks for it, a
``warning`` for each that could not be judged (an ``error`` where that fails the run), and a ``notice`` with the verdict. GitHub
keeps ten of a kind for a step, so there are never more; the notice says how many were left out. Where the variable
``GITHUB_STEP_SUMMARY`` names a file, the Markdown page is appended to it, within the 1,024 KiB beyond which GitHub drops all of it.

A title holds nothing but words of the policy; text of the log stands in the message, which GitHub shows as it is.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from s3guard.files import append
from s3guard.model import Finding, Report, Result, UnableError
from s3guard.outputs import Options, find, plural, statements
from s3guard.text import ci_safe, shorten, shown
from s3guard.verdict import WORDS, because, fails_run, headline, standing, worst

EXTENSION = ".txt"

OF_A_KIND = 10
"""Annotations of one level that GitHub keeps for a step."""

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of one step's summary; of a larger one GitHub keeps nothing."""

_SUMMARY = "GITHUB_STEP_SUMMARY"
_UNDETERMINED = 3
_TITLE, _VALUE = 200, 400
"""Characters of a title, and of one value in a message."""
_STATEMENTS = 20


def render(report: Report, _options: Options) -> Iterable[str]:
    """The annotations, one workflow command a line, the worst first; the verdict is the last."""
    found, fail_on = standing(report), report.run.fail_on
    broken = [_command("error", result, worst(result, fail_on).value, _broken(result, report)) for result in found.violations]
    level = "error" if report.exit_code == _UNDETERMINED else "warning"
    open_ = [_command(level, result, "undetermined", _open(result)) for result in found.undetermined]
    errors, warnings = ([*broken, *open_], []) if level == "error" else (broken, open_)
    yield from (*errors[:OF_A_KIND], *warnings[:OF_A_KIND])
    yield _verdict(report, max(0, len(errors) - OF_A_KIND) + max(0, len(warnings) - OF_A_KIND))


def summary(report: Report, options: Options, room: int = SUMMARY_LIMIT) -> str:
    """The page for the job summary, of at most `room` bytes; UnableError where not even the verdict fits."""
    return "".join(find("markdown").render(report, replace(options, markdown_limit=room)))


def also(report: Report, options: Options, environ: Mapping[str, str]) -> None:
    """Appends the page to the file that ``GITHUB_STEP_SUMMARY`` names, if it names one.

    What other commands of the step wrote stays and counts towards the limit. The page is written whole or not at all;
    UnableError names the path and the reason.
    """
    if path := environ.get(_SUMMARY):
        append(Path(path), lambda there: _block(report, options, there))


def _block(report: Report, options: Options, there: int) -> str:
    """The page as a block of its own behind `there` bytes: a table of an earlier page does not run on into it."""
    gap = "\n\n" if there else ""
    try:
        return gap + summary(report, options, SUMMARY_LIMIT - there - len(gap))
    except UnableError as error:
        raise UnableError(f"the job summary has no room for the report: {there:,} of {SUMMARY_LIMIT:,} bytes are used") from error


def _command(level: str, result: Result, word: str, message: str) -> str:
    title = shorten(f"{word}: {shown(result.rule)}", _TITLE)
    where = {"file": shown(result.location.file), "line": str(result.location.line), "title": title}
    properties = ",".join(f"{name}={_property(value)}" for name, value in where.items())
    return f"::{level} {properties}::{_data(message)}\n"


def _verdict(report: Report, left_out: int) -> str:
    *looked, proves = statements(report)
    lines = [f"{headline(report)}; {because(report)}."]
    lines += [f"{plural(left_out, 'more annotation')} left out; the job summary has them all."] if left_out else []
    lines += [shorten(statement, _VALUE) for statement in looked[:_STATEMENTS]]
    lines += [f"{plural(len(looked) - _STATEMENTS, 'more statement')} left out."] if len(looked) > _STATEMENTS else []
    return f"::notice title={_property(f's3guard: {WORDS[report.status]}')}::{_data(chr(10).join([*lines, proves]))}\n"


def _broken(result: Result, report: Report) -> str:
    """What was asked, who broke it worst, how many more did, what to do."""
    failing = [finding for finding in result.findings if fails_run(finding, report.run.fail_on)]
    lines = [_short(result.title), *(_finding(finding, counted=result.is_of_records) for finding in failing[:3])]
    more = len(failing[3:]) + result.omitted.findings
    lines += [f"and {plural(more, 'more finding')}"] if more else []
    lines += [f"Not all of it could be judged: {_short(result.reason or 'the reason was not recorded')}"] if result.is_undecided else []
    lines += [_short(result.help)] if result.help else []
    return "\n".join([_about(result), *lines])


def _finding(finding: Finding, *, counted: bool) -> str:
    where = "".join(f" ({_short(f'{sample.object}:{sample.line}')})" for sample in finding.samples[:1])
    return f"{f'{finding.records:,}x ' if counted else ''}{_short(finding.message)}{where}"


def _open(result: Result) -> str:
    return "\n".join(
        [_about(result), _short(result.title), f"Could not be judged: {_short(result.reason or 'the reason was not recorded')}"]
    )


def _about(result: Result) -> str:
    return "No bucket" if result.bucket is None else f"Bucket {_short(result.bucket)}"


def _short(value: str) -> str:
    return shorten(shown(value), _VALUE)


def _data(text: str) -> str:
    """Visible text as the message of a command."""
    lines = (ci_safe(line) for line in text.split("\n"))
    return "%0A".join(line.replace("%", "%25").replace("\r", "%0D") for line in lines)


def _property(text: str) -> str:
    """Visible text as the value of a command's property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
