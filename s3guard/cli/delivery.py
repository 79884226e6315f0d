"""Where reports go: ``FORMAT[:PATH]`` read, each report written whole, and of one that cannot be written the others tell."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from s3guard import files, outputs
from s3guard.cli import choices, ending, terminal
from s3guard.model import Report, UnableError, UsageError
from s3guard.outputs import Options, Output
from s3guard.verdict import WORDS, because, headline, with_unwritten


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


def at_home(look: Options, wanted: Sequence[Target], account: str | None, region: str | None, environ: Mapping[str, str]) -> Options:
    """The same with the account and Region that findings are of, where a format asks for them; UsageError where one lacks what it needs.

    The Region is that of the SDK's variables where no flag says it.
    """
    region = region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    look = replace(look, account=account, region=region)
    for target in wanted:
        target.output.ready(look)
    return look


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of the reports."""

    report: Report
    """As it was judged, and what could not be written."""
    whole: bool
    """Whether all were written."""


def deliver(
    report: Report,
    wanted: Sequence[Target],
    chosen: Options,
    environ: Mapping[str, str],
    *,
    judged: bool,
    then: Callable[[], None] | None = None,
) -> Delivered:
    """Write every report, what failed being told on standard error.

    Files are written beside their places first, all of them, and placed when all could be; then what cannot be written twice, standard
    output last. Where one cannot be written, all others are, and if they are the run's own (`judged`) they say so and have the exit code
    that it ends with for it. What was printed or sent through a pipe by then stays as it is. Once all are delivered, `then` is done; what
    it cannot write is an output as well.

    BrokenPipeError where nobody reads standard output any more; the files are written then.
    """
    delivery = _Delivery(report, chosen, environ, judged=judged)
    streams = [target for target in wanted if target.path is None or files.is_stream(target.path)]
    delivery.put_files([target for target in wanted if target not in streams])
    for target in wanted:
        delivery.put_beside(target)
    for target in sorted(streams, key=lambda target: target.path is None):
        delivery.put_stream(target)
    if then is not None:
        delivery.put_last(then)
    return Delivered(delivery.report, not delivery.failures)


def conclude(report: Report, wanted: Sequence[Target]) -> None:
    """The verdict in a line on standard error, where no text report on standard output says it."""
    if not any(target.path is None and target.output.name == "text" for target in wanted):
        ending.tell(f"{WORDS[report.status]}: {headline(report)}; {because(report)}")


class _Delivery:
    """The reports of one run on their way."""

    def __init__(self, report: Report, chosen: Options, environ: Mapping[str, str], *, judged: bool) -> None:
        plain = Options()
        self._found = report
        self._is_judged = judged
        self._printed = chosen
        self._filed = replace(chosen, width=plain.width, color=plain.color, ascii=plain.ascii)
        self._environ = environ
        self._files: list[Target] = []
        """Files that are to be written, less those that cannot be."""
        self._placed: list[Target] = []
        """Of those, the ones that are there, and may have to be written anew."""
        self.failures: list[str] = []

    @property
    def report(self) -> Report:
        """The report with what failed so far."""
        return with_unwritten(self._found, self.failures) if self._is_judged else self._found

    def put_files(self, targets: Sequence[Target]) -> None:
        """Write files, all together, and anew until all of them say what became of all."""
        self._files = list(targets)
        while self._files:
            known = len(self.failures)
            staged = self._staged()
            try:
                if len(self.failures) == known or not self._is_judged:
                    for target, path, file in staged:
                        with self._failing(target):
                            files.place(path, file)
                            self._placed.append(target)
            finally:
                for _, _, file in staged:
                    file.drop()
            if len(self.failures) == known or not self._is_judged:
                return

    def put_beside(self, target: Target) -> None:
        """Write what a format has for a second place."""
        with self._telling():
            target.output.also(self.report, self._filed, self._environ)

    def put_stream(self, target: Target) -> None:
        """Write to a pipe, a device or standard output."""
        with self._telling():
            if target.path is None:
                terminal.put(target.output.render(self.report, self._printed))
            else:
                files.write(target.path, target.output.render(self.report, self._filed))

    def put_last(self, then: Callable[[], None]) -> None:
        """Do what is only done where all was delivered."""
        if not self.failures:
            with self._telling():
                then()

    def _staged(self) -> list[tuple[Target, Path, files.Staged]]:
        """The files beside their places."""
        staged: list[tuple[Target, Path, files.Staged]] = []
        try:
            for target in tuple(self._files):
                assert target.path is not None  # noqa: S101 - for the type checker
                with self._failing(target):
                    staged.append((target, target.path, files.stage(target.path, target.output.render(self.report, self._filed))))
        except BaseException:
            for _, _, file in staged:
                file.drop()
            raise
        return staged

    @contextlib.contextmanager
    def _failing(self, target: Target | None = None) -> Iterator[None]:
        """Inside, an output that cannot be written is told of, and not tried again."""
        try:
            yield
        except UnableError as error:
            ending.tell_error(error)
            self.failures.append(str(error))
            self._files = [file for file in self._files if file is not target]
            if target is not None and target.path is not None and target in self._placed:
                # NOTE: it says of the run what is no longer true, and could not be written anew.
                with contextlib.suppress(OSError):
                    os.unlink(os.path.realpath(target.path))  # noqa: PTH108 - the file, not a link to it

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """The same, and the files that are written say so."""
        known = len(self.failures)
        with self._failing():
            yield
        if len(self.failures) > known and self._is_judged:
            self.put_files(self._files)
