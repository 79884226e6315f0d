"""Whether the renderings of a report in a pack say what the report says: verdict and counts, and every byte where this version wrote it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from s3guard import __version__
from s3guard.evidence.untrusted import WrongError, loads, quoted
from s3guard.model import Report, S3GuardError, Status
from s3guard.outputs import Options, find, plural
from s3guard.verdict import WORDS, breaks_run, standing

RENDERED: Final = {"report.json": "json", "report.html": "html", "junit.xml": "junit", "report.sarif": "sarif"}
"""Members that are the report in an output's words."""

Fault = tuple[str, str]
"""A member, and a clause that says what is wrong with it."""


def disagreements(data: Mapping[str, bytes], report: Report) -> Iterator[Fault]:
    """What the renderings say otherwise than the report; `data` holds them by name.

    A report of this version of s3guard has one rendering, byte for byte. Of one of another version verdict and counts are compared.
    """
    for name, output in RENDERED.items():
        if name not in data:
            continue
        try:
            told = [*_HELD[name](data[name], report)] if name in _HELD else []
            if not told and report.version == __version__ and not _is_rendering(data[name], output, report):
                told = ["is not what this version of s3guard makes of report.json: something in it was changed"]
        except WrongError as error:
            told = [str(error)]
        yield from ((name, one) for one in told)


def _is_rendering(data: bytes, output: str, report: Report) -> bool:
    """Whether the bytes are the report in this output's words."""
    at = 0
    try:
        for piece in find(output).render(report, Options()):
            encoded = piece.encode("utf-8")
            if data[at : at + len(encoded)] != encoded:
                return False
            at += len(encoded)
    except (S3GuardError, ValueError) as error:  # NOTE: a report that cannot be shown was not written by s3guard.
        raise WrongError("cannot be compared: report.json holds what no output of s3guard can show") from error
    return at == len(data)


def _junit(data: bytes, report: Report) -> Iterator[str]:
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise WrongError("declares entities, which s3guard never does")
    try:
        root = ET.fromstring(data)  # noqa: S314 - what could explode in it is refused above, and its size is bounded
    except (ET.ParseError, ValueError, LookupError) as error:
        raise WrongError(f"is no XML: {quoted(error)}") from error
    cases = [*root.iter("testcase")]
    found = standing(report)
    broken = sum(breaks_run(result, report.run.fail_on) for result in report.results)
    own = report.exit_code == 1 and not broken
    wanted = {
        "failure": ("failed", broken + own),
        "error": ("not judged", len(found.undetermined) + bool(report.coverage.unreadable) + (report.exit_code not in (0, 1))),
        "skipped": (
            "skipped",
            sum(result.status in (Status.WAIVED, Status.NOT_APPLICABLE) for result in report.results),
        ),
    }
    if len(cases) != (expected := len(report.results) + 2):
        yield f"has {plural(len(cases), 'case')}; the {plural(len(report.results), 'result')} of report.json are {expected:,} cases"
    for tag, (words, count) in wanted.items():
        there = sum(case.find(tag) is not None for case in cases)
        if there != count:
            yield f"says that {plural(there, 'case')} {words}, report.json that {count:,} did"
    said = {one.get("name"): one.get("value") for one in root.iter("property")}
    yield from _held(said.get("s3guard.exit_code"), str(report.exit_code), "exit code")
    yield from _held(said.get("s3guard.records"), str(report.coverage.records), "number of records")


def _sarif(data: bytes, report: Report) -> Iterator[str]:
    try:
        (run,) = _object(loads(data))["runs"]
        (invocation,) = run["invocations"]
        said: Any = run["properties"]["summary"]
        code, status, policies = invocation["exitCode"], run["properties"]["status"], run["artifacts"]
        digests = sorted({one["hashes"]["sha-256"] for one in policies})
    except (KeyError, TypeError, ValueError) as error:
        raise WrongError("is not the SARIF that s3guard writes") from error
    yield from _held(code, report.exit_code, "exit code")
    yield from _held(status, report.status.value, "status")
    if said != report.summary:
        yield "counts results and findings otherwise than report.json"
    yield from _held(digests, sorted({policy.sha256 for policy in report.policies}), "digests of policies")


def _html(data: bytes, report: Report) -> Iterator[str]:
    word = WORDS[report.status]
    if f"<title>{word}: ".encode() not in data[:100_000]:
        yield f"does not have the verdict of report.json, {word}, for its title"


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _held(said: object, wanted: object, what: str) -> Iterator[str]:
    if said != wanted:
        yield f"says {quoted(said)} for its {what}; report.json says {quoted(wanted)}"


_HELD: Final[dict[str, Callable[[bytes, Report], Iterator[str]]]] = {"junit.xml": _junit, "report.sarif": _sarif, "report.html": _html}
