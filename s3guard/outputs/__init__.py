"""Reports as files: what every output format answers, and where the formats are found.

An output is a module of this package; its file's name is its name on the command line. It has

* a docstring: its first line is the help, the rest its page,
* `EXTENSION`: the usual ending of its files, with the dot,
* `render(report, options)`: the text of the file (UTF-8 when written), in one string or in pieces, the same for the same report.

It may have `also(report, options, environ)` too: what the format writes besides its own text, where the environment names a place;
`ready(options)`, which raises UsageError where something that the format cannot do without was not said; and `DRAWS`, true where it shows
the traffic (`Report.traffic`), which a run then measures.

Every value that may hold log text goes through `s3guard.text.shown` and then the format's own escaper.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from json import JSONEncoder  # NOTE: not the module: `json` is an output here

from s3guard import continuity, controls
from s3guard.model import Coverage, Listed, Report, UsageError
from s3guard.text import CI_COMMAND, shown

PROVES = (
    "A pass means no violation among the records delivered: "
    "S3 delivers access logs on a best-effort basis, so a record may come late, twice or never."
)
"""What a clean report over records proves, and what not; every output says it."""
PROVES_OF_AUDIT = (
    "A pass of the audit means that the configuration was as asked when it was looked at: "
    "not that it was so before or stays so, nor that each request is logged, since S3 delivers on a best-effort basis."
)
"""What a clean audit of the configuration proves, and what not; every output of one says it."""
CLAIMS = (PROVES, PROVES_OF_AUDIT)
"""Sentences of a report's notes that outputs say at their end, through `proves`."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may choose about outputs; each format reads what concerns it."""

    sarif_profile: str = "full"
    """``full``, ``github`` (leaves out what GitHub would show wrongly) or ``azure``."""
    sarif_category: str = ""
    """Of the analysis, without a date; empty: made of the names of the policies."""
    junit_dialect: str = "strict"
    """``strict`` (valid under junit-10.xsd) or ``extended`` (adds file, line and properties of a case)."""
    width: int = 100
    """Columns of human-readable text."""
    color: bool = False
    """Whether human-readable text may hold colour (a terminal)."""
    ascii: bool = False
    """Whether human-readable text keeps to ASCII (the terminal's encoding knows no more)."""
    verbose: bool = False
    """Whether human-readable text lists the checks that passed, too."""
    traffic: bool = False
    """Whether human-readable text draws the traffic, too."""
    account: str | None = None
    """The account that findings for Security Hub are of; a log names none."""
    region: str | None = None
    """Its Region."""
    markdown_limit: int = 65_000
    """Bytes of a Markdown page; a comment on a pull request takes 65,536 characters."""


@dataclass(frozen=True, slots=True)
class Output:
    """One format."""

    name: str
    help: str
    """One line."""
    extension: str
    """With the dot."""
    _render: Callable[[Report, Options], str | Iterable[str]]
    _also: Callable[[Report, Options, Mapping[str, str]], None] | None = None
    _ready: Callable[[Options], object] | None = None
    draws: bool = False
    """Whether it shows the traffic."""

    def render(self, report: Report, options: Options = Options()) -> Iterator[str]:
        """The report in this format, in pieces."""
        text = self._render(report, options)
        return iter((text,)) if isinstance(text, str) else iter(text)

    def ready(self, options: Options) -> None:
        """UsageError where the options lack what the format cannot do without; to be asked before anything is judged."""
        if self._ready is not None:
            self._ready(options)

    def also(self, report: Report, options: Options, environ: Mapping[str, str]) -> None:
        """Writes what the format has for a second place that the environment names (GitHub's job summary); else nothing. UnableError."""
        if self._also is not None:
            self._also(report, options, environ)


def names() -> tuple[str, ...]:
    """The names of all formats, sorted; imports none of them."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def find(name: str) -> Output:
    """The format of that name; UsageError with the nearest name if there is none."""
    if name not in names():
        import difflib

        near = difflib.get_close_matches(name, names(), 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"there is no output '{shown(name)}'{meant or '.'} Outputs: {', '.join(names())}")
    module = importlib.import_module(f"{__name__}.{name}")
    help_ = (module.__doc__ or "").strip().splitlines()[0]
    also, ready, draws = getattr(module, "also", None), getattr(module, "ready", None), getattr(module, "DRAWS", False)
    return Output(name, help_, module.EXTENSION, module.render, also, ready, draws)


def catalog() -> dict[str, Output]:
    """Every format by its name."""
    return {name: find(name) for name in names()}


def instant(time: datetime) -> str:
    """RFC 3339 in UTC with whole seconds: ``2026-10-02T00:00:00Z``."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def plural(count: int, noun: str, nouns: str = "") -> str:
    """``1 finding``, ``1,000 findings``."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def statements(report: Report, *, of_controls: bool = True) -> tuple[str, ...]:
    """Visible sentences that every output carries: what was looked at, what could not be, the report's notes, what all this proves.

    Those about controls are left out by outputs that show these by themselves.
    """
    notes = tuple(shown(note) for note in report.notes if note not in CLAIMS)
    looked = tuple(_coverage(report.coverage))
    told = map(shown, controls.statements(report) if of_controls else ())
    return (*(looked if is_of_records(report) else looked[1:]), *notes, *told, proves(report))


def proves(report: Report) -> str:
    """What the report proves, and what not: of records, of the configuration, or of both."""
    is_audit = PROVES_OF_AUDIT in report.notes or any(not result.is_of_records for result in report.results)
    return " ".join(claim for claim, holds in zip(CLAIMS, (is_of_records(report), is_audit), strict=True) if holds)


def is_of_records(report: Report) -> bool:
    """Whether log records were judged, or were to be: not so where the configuration alone was audited."""
    is_audit = PROVES_OF_AUDIT in report.notes or bool(report.results)
    return PROVES in report.notes or bool(report.coverage.objects) or any(one.is_of_records for one in report.results) or not is_audit


def _coverage(coverage: Coverage) -> Iterator[str]:
    looked = f"Looked at {plural(coverage.records, 'record')} in {plural(coverage.objects, 'object')} ({plural(coverage.bytes, 'byte')})"
    if coverage.first_record is not None and coverage.last_record is not None:
        looked += f", from {instant(coverage.first_record)} to {instant(coverage.last_record)}"
    yield f"{looked}."
    if by_hour := continuity.of_all(coverage.buckets):
        yield shown(by_hour)
    if coverage.ambiguous:
        yield f"{plural(coverage.ambiguous, 'line')} can be read in more than one way; rules took the reading worst for the requester."
    if coverage.quarantined:
        yield f"{plural(coverage.quarantined, 'line')} could not be read as a record and {_were(coverage.quarantined)} judged by no rule."
    if coverage.unreadable:
        yield f"{plural(len(coverage.unreadable), 'object')} could not be read to the end."
    for kind, count in sorted(coverage.warnings.items()):
        yield f"Warning: {shown(kind)}: {count:,}."
    if unnamed := [bucket for bucket in coverage.buckets if not bucket.policies]:
        records = sum(bucket.records for bucket in unnamed)
        yield f"{plural(len(unnamed), 'bucket')} with {plural(records, 'record')} {_were(len(unnamed))} judged by no policy."


def left_out(listed: Iterable[Listed], as_of: datetime, why: str) -> Iterator[str]:
    """Sentences about what of a source was not listed or not read; `why` says why buckets were left out, `as_of` is the run's clock."""
    from s3guard.durations import duration_text

    for one in listed:
        if one.since is not None or one.until is not None:
            span = " ".join(f"{word} {instant(end)}" for word, end in (("from", one.since), ("to", one.until)) if end is not None)
            late = f", which is {duration_text(one.late * 1000)} after the period, for late deliveries" if one.until is not None else ""
            yield f"{one.source}: only log objects named for the time {span} were read{late}."
        if one.until is not None and as_of < one.until:
            yield f"{one.source}: records of the period may still be delivered: the run looked before {instant(one.until)}."
        if one.unnamed:
            yield f"{one.source}: the names of {plural(one.unnamed, 'log object')} tell no time, so all of them were listed and read."
        if one.skipped:
            some = ", ".join(one.skipped[:5]) + (", …" if len(one.skipped) > 5 else "")
            yield f"{one.source}: the logs of {plural(len(one.skipped), 'bucket')} were not read, since {why}: {some}."


def json_text(value: object) -> str:
    r"""A JSON text, laid out in one way: what fits a line stands on one, ASCII alone, no NaN, a newline at the end.

    What a CI system would obey if the file is shown in its log is spelled by JSON's own escapes (``#\u0023``), so nothing is lost.
    """
    pieces: list[str] = []
    _lay_out(value, "", JSONEncoder(ensure_ascii=True, allow_nan=False).encode, pieces)
    return "".join([*pieces, "\n"])


def _lay_out(value: object, indent: str, encode: Callable[[object], str], pieces: list[str]) -> None:
    if isinstance(value, (list, tuple)) and len(value) > 1 and all(type(item) is int for item in value):
        pieces.append(_filled(value, indent))
        return
    items = list(value.items()) if isinstance(value, dict) else list(value) if isinstance(value, (list, tuple)) else []
    room = 120 - len(indent)
    # NOTE: what is sure to be long is not tried, for its parts are again, and so on for theirs.
    line = encode(value) if not items or _least(value, room) <= room else ""
    # NOTE: two brackets that meet may be a list in a list or text; opened, the one is on two lines and the other an escape.
    if not items or (line and len(line) <= room and "[[" not in line):
        pieces.append(CI_COMMAND.sub(lambda match: f"\\u{ord(match[0]):04x}", line))
        return
    inside = f"{indent}  "
    opened, closed = ("{", "}") if isinstance(value, dict) else ("[", "]")
    separator = opened
    for item in items:
        pieces.append(f"{separator}\n{inside}")
        separator = ","
        if isinstance(value, dict):
            _lay_out(item[0], inside, encode, pieces)
            pieces.append(": ")
        _lay_out(item[1] if isinstance(value, dict) else item, inside, encode, pieces)
    pieces.append(f"\n{indent}{closed}")


def _least(value: object, room: int) -> int:
    """Characters that the value takes on one line at the least, as far as they are counted: no further than `room`."""
    if isinstance(value, str):
        return len(value) + 2
    size = 2 if isinstance(value, (dict, list, tuple)) else 1
    for item in value if isinstance(value, (dict, list, tuple)) else ():
        if size > room:
            break
        size += _least(item, room - size) + (2 + _least(value[item], room - size) if isinstance(value, dict) else 1)
    return size


def _filled(numbers: Sequence[int], indent: str) -> str:
    """Whole numbers, as many on a line as fit."""
    whole = ", ".join(map(str, numbers))
    if len(indent) + len(whole) <= 118:
        return f"[{whole}]"
    lines, inside = [""], f"\n{indent}  "
    for number in map(str, numbers):
        if len(lines[-1]) + len(number) > 116 - len(indent):
            lines.append("")
        lines[-1] += f" {number}," if lines[-1] else f"{number},"
    return f"[{inside}{inside.join(lines)[:-1]}\n{indent}]"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
