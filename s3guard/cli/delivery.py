"""Where reports go: ``FORMAT[:PATH]`` read, each report written whole, and one that cannot be written does not stop the others."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from s3guard import outputs
from s3guard.cli import choices, ending, terminal
from s3guard.model import Report, UnableError, UsageError
from s3guard.outputs import Options, Output


@dataclass(frozen=True, slots=True)
class Target:
    """One report to write."""

    output: Output
    path: Path | None
    """None: standard output."""


def targets(written: Sequence[str], also: Path | None = None) -> tuple[Target, ...]:
    """The reports that ``--output`` asks for; UsageError for an unknown format and for two reports in one place.

    `also` is a file that is written beside them.
    """
    found = tuple(map(_target, written))
    keep_apart(*(target.path for target in found), also)
    if sum(target.path is None for target in found) > 1:
        raise UsageError("one report at most goes to standard output; give the others a file, as in --output json:report.json")
    return found


def keep_apart(*paths: Path | None) -> None:
    """UsageError where one file is to be written twice; None is no file."""
    places = [os.path.realpath(path) for path in paths if path is not None]
    for place in places:
        if places.count(place) > 1 and not _takes_many(place):
            raise UsageError(f"two files would be written to {place}; give each a place of its own")


def _target(written: str) -> Target:
    name, colon, path = written.partition(":")
    if colon and not path:
        raise UsageError(f"--output {written}: a file's name is missing behind the colon, as in {name}:report{_ending(name)}")
    if not colon and name not in outputs.names() and ("/" in name or "." in name):
        near = next((known for known in outputs.names() if outputs.find(known).extension == os.path.splitext(name)[1]), "json")  # noqa: PTH122
        raise UsageError(f"--output {written}: the format stands before the file, as in --output {near}:{name}")
    return Target(outputs.find(name), Path(path) if colon else None)


def _ending(name: str) -> str:
    return outputs.find(name).extension if name in outputs.names() else ""


def _takes_many(place: str) -> bool:
    """Whether several reports may go to one place: a device or a pipe, but no file."""
    return os.path.exists(place) and not os.path.isfile(place)  # noqa: PTH110, PTH113 - a path that was resolved already


def options(context: typer.Context, sarif_profile: str | None, junit_dialect: str | None, look: Options) -> Options:
    """What a user chose about outputs, for a report on standard output that is set as `look` says."""
    chosen = look
    if sarif_profile is not None:
        chosen = replace(chosen, sarif_profile=choices.one_of(context, "sarif-profile", sarif_profile))
    if junit_dialect is not None:
        chosen = replace(chosen, junit_dialect=choices.one_of(context, "junit-dialect", junit_dialect))
    return chosen


def deliver(report: Report, wanted: Sequence[Target], chosen: Options, environ: Mapping[str, str]) -> bool:
    """Write every report, files first; whether all were written, what failed being told on standard error.

    BrokenPipeError where nobody reads standard output any more; the files are written then.
    """
    plain = Options()
    in_files = replace(chosen, width=plain.width, color=plain.color, ascii=plain.ascii)
    whole = True
    for target in sorted(wanted, key=lambda target: target.path is None):
        try:
            if target.path is None:
                terminal.put(target.output.render(report, chosen))
            else:
                outputs.write(target.path, target.output.render(report, in_files))
            target.output.also(report, in_files, environ)
        except UnableError as error:
            ending.tell_error(error)
            whole = False
    return whole
