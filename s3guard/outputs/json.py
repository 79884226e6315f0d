r"""The whole report for machines: the contract that other tools build on, one shape and one spelling for one report.

Keys stand in the order of the report contract, two runs over the same input write the same bytes but for the block ``run``, and
``s3guard convert`` reads a saved report back. The file is plain ASCII. Strings hold the text as `s3guard.text.visible` shows it:
what cannot be seen is spelled ``\u{hex}``, so a value that another tool prints raw (``jq -r``) still cannot drive a terminal.
``unwritten`` names the other outputs of the run that could not be written, each with the reason; the exit code counts them.
``traffic`` is there where the run was asked for it: it is drawn, and decides nothing. ``redacted`` is there where pseudonyms stand for
anything: of which kinds, and the id of the key that they and the fingerprints are made with. ``unclear`` names lines that are no record,
or could be read in several ways, where the traffic was asked for and there are any. ``run.notified`` is there where somebody was to be
told, and says what became of it.
"""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from s3guard.model import ControlStatus, Coverage, PolicyFile, Redacted, Report, Result, Run, Status, UnableError, Unclear, UsageError
from s3guard.outputs import Options, instant, json_text, proves
from s3guard.text import shown, unvisible
from s3guard.traffic import Traffic

_T = TypeVar("_T")

EXTENSION = ".json"
SCHEMA = "s3guard/report/1"
"""Name and version of the shape; another version is another shape."""


def render(report: Report, _options: Options) -> str:
    """The report as JSON; every file ends with a newline."""
    return json_text(document(report))


def document(report: Report) -> dict[str, Any]:
    """The report as plain values, every string visible and without credentials."""
    # NOTE: the one mapping whose order follows the input's order.
    coverage = dataclasses.replace(report.coverage, warnings=dict(sorted(report.coverage.warnings.items())))
    return {
        "schema": SCHEMA,
        "tool": {"name": "s3guard", "version": shown(report.version)},
        "run": _run(report.run),
        "status": report.status.value,
        "exit_code": report.exit_code,
        "summary": report.summary,
        "coverage": _plain(coverage),
        "policies": _plain(report.policies),
        "results": _plain(report.results),
        "controls": _plain(report.controls),
        "notes": _plain(report.notes),
        "unwritten": _plain(report.unwritten),
        **({} if report.traffic is None else {"traffic": _plain(report.traffic)}),
        **({"unclear": _plain(report.unclear)} if report.unclear else {}),
        **({} if report.redacted is None else {"redacted": _plain(report.redacted)}),
        "proves": proves(report),
    }


def _run(run: Run) -> dict[str, object]:
    """The block of the run; ``notified`` is there where somebody was to be told."""
    return {field.name: _plain(getattr(run, field.name)) for field in dataclasses.fields(run) if field.name != "notified" or run.notified}


def _plain(value: object) -> object:
    """The model's fields are named and ordered as the contract's keys, so a dataclass is its object."""
    plain = value
    match value:
        case str():
            plain = shown(value)
        case Enum():
            plain = value.value
        case datetime():
            plain = instant(value)
        case date():
            plain = value.isoformat()
        case dict():
            plain = {shown(key): _plain(item) for key, item in value.items()}
        case tuple() | list() if all(type(item) is int for item in value):
            plain = list(value)  # NOTE: counts by the hour may be millions
        case tuple() | list():
            plain = [_plain(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            plain = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return plain


@dataclasses.dataclass(frozen=True, slots=True)
class _Named:
    schema: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Saved:
    tool: dict[str, str]
    run: Run
    status: Status
    exit_code: int
    coverage: Coverage
    policies: tuple[PolicyFile, ...]
    results: tuple[Result, ...]
    controls: tuple[ControlStatus, ...]
    notes: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()
    traffic: Traffic | None = None
    redacted: Redacted | None = None
    unclear: tuple[Unclear, ...] = ()


def read(path: Path) -> Report:
    """A saved report, as it was but for masked credentials.

    UnableError if the file cannot be read; UsageError if it is no report of s3guard, or one of another version, or damaged.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnableError(f"could not read {shown(str(path))}: {error.strerror or error}") from error
    return parse(content, shown(str(path)))


def parse(content: bytes, name: str) -> Report:
    """As `read`, from a file's bytes; `name` stands in errors."""
    schema = _validated(_Named, content, f"{name} is not a report of s3guard").schema
    if schema != SCHEMA:
        raise UsageError(f"{name} holds '{shown(schema)}'; this version of s3guard reads {SCHEMA!r}")
    saved = _validated(_Saved, content, f"{name} is damaged")
    if "version" not in saved.tool:
        raise UsageError(f"{name} is damaged: tool.version: Field required")
    report = Report(
        version=saved.tool["version"],
        run=saved.run,
        status=saved.status,
        exit_code=saved.exit_code,
        coverage=saved.coverage,
        policies=saved.policies,
        results=saved.results,
        controls=saved.controls,
        notes=saved.notes,
        unwritten=saved.unwritten,
        traffic=saved.traffic,
        redacted=saved.redacted,
        unclear=saved.unclear,
    )
    return _original(report)


def _validated(shape: type[_T], content: bytes, complaint: str) -> _T:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(shape).validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{complaint}: {shown(f'{where}: ' if where else '')}{shown(first['msg'])}") from error


def _original(value: _T) -> _T:
    """Undoes `visible` in every string, however deep."""
    changed: Any = value
    if isinstance(value, str):
        changed = unvisible(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = dataclasses.replace(value, **{field.name: _original(getattr(value, field.name)) for field in dataclasses.fields(value)})
    elif isinstance(value, dict):
        changed = {_original(key): _original(item) for key, item in value.items()}
    elif isinstance(value, (tuple, list)) and not all(type(item) is int for item in value):
        changed = type(value)(_original(item) for item in value)
    result: _T = changed
    return result
