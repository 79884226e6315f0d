"""What stands in the members of a pack: each read as a stranger's, bounded and typed, and told by its name where it is something else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

from s3guard import __version__
from s3guard.evidence.agreement import RENDERED, Fault
from s3guard.evidence.archive import Archive
from s3guard.evidence.manifest import Manifest
from s3guard.evidence.members import (
    COVERAGE,
    FRAMEWORKS,
    JUNIT,
    MANIFEST,
    OBJECTS,
    PAGE,
    POLICIES,
    QUARANTINED,
    README,
    REPORT,
    RUNS,
    SARIF,
    WAIVERS,
)
from s3guard.evidence.originals import Judged
from s3guard.evidence.readme import readme
from s3guard.evidence.untrusted import WrongError, loads, quoted
from s3guard.model import Report, UsageError
from s3guard.outputs.json import parse
from s3guard.text import unvisible

_T = TypeVar("_T")
_LINES: Final = 20_000_000
"""Lines of a member at most."""


class Contents:
    """The members of a pack, as what they are; WrongError, which names the member, for one that is something else."""

    EVERY: Final = (README, REPORT, PAGE, JUNIT, SARIF, OBJECTS, COVERAGE, RUNS, WAIVERS, QUARANTINED)
    """Members that every pack has."""

    def __init__(self, pack: Archive, listed: Manifest) -> None:
        self.pack = pack
        self.manifest = listed

    @cached_property
    def report(self) -> Report:
        """The report."""
        data = self.pack.data(REPORT)
        _about(REPORT, lambda: loads(data))
        try:
            return parse(data, REPORT)
        except UsageError as error:
            raise WrongError(str(error)) from error

    @cached_property
    def coverage(self) -> dict[str, Any]:
        """By bucket and hour."""
        return self._object(COVERAGE)

    @cached_property
    def runs(self) -> dict[str, Any]:
        """Runs expected and found."""
        return self._object(RUNS)

    @cached_property
    def waivers(self) -> dict[str, Any]:
        """Waivers in force, expired, unused."""
        return self._object(WAIVERS)

    def rendered(self) -> dict[str, bytes]:
        """The report in the words of its outputs."""
        return {name: self.pack.data(name) for name in RENDERED if name in self.pack}

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        """The lines of a member, each an object."""
        for number, line in enumerate(self.pack.entry(name).lines(), 1):
            if number > _LINES:
                raise WrongError(f"{name} has more than {_LINES:,} lines")
            where = f"{name}, line {number:,},"
            value = _about(where, lambda line=line: loads(line))  # type: ignore[misc]  # a line, bound at once
            if not isinstance(value, dict):
                raise WrongError(f"{where} is no JSON object")
            yield value

    def objects(self) -> Iterator[Judged]:
        """Every log object that was judged."""
        for number, line in enumerate(self.lines(OBJECTS), 1):
            where = f"{OBJECTS}, line {number:,}"
            version = line.get("version")
            if version is not None and not isinstance(version, str):
                raise WrongError(f"{where} says {quoted(version)} for its version")
            sha256 = None if line.get("sha256") is None or line.get("fault") is not None else text(line, "sha256", where)
            yield Judged(text(line, "uri", where), version, count(line, "size", where), sha256, count(line, "records", where))

    def contradictions(self) -> Iterator[Fault]:
        """What the manifest says otherwise than the report."""
        report, listed = self.report, self.manifest
        redacted = None if listed.redacted is None else (tuple(listed.redacted.kinds), listed.redacted.key)
        for what, said, wanted in (
            ("status", listed.status, report.status.value),
            ("exit code", listed.exit_code, report.exit_code),
            ("clock (as of)", listed.as_of, report.run.as_of.strftime("%Y-%m-%dT%H:%M:%SZ")),
            ("version of s3guard", listed.tool.version, report.version),
            ("redaction", redacted, None if report.redacted is None else (report.redacted.kinds, report.redacted.key)),
        ):
            if said != wanted:
                yield MANIFEST, f"says {quoted(said)} for the {what}; {REPORT} says {quoted(wanted)}"
        # NOTE: it is read first, and by people alone: a signer could say anything in it. Other versions word it otherwise.
        if listed.tool.version == __version__ and self.pack.data(README) != readme(listed, [one.path for one in listed.files]).data:
            yield README, f"is not what this version of s3guard writes of {MANIFEST}: something in it was changed"

    def policy_faults(self) -> Iterator[Fault]:
        """What of the policies in the pack is not what report and manifest name."""
        named = {one.policy: one.sha256 for one in self.report.policies}
        if named != self.manifest.policies:
            yield MANIFEST, f"names other policies than {REPORT}"
        digests = {entry.path: entry.sha256 for entry in self.pack.under(POLICIES)}
        for policy, sha256 in named.items():
            if sha256 not in digests.values():
                yield POLICIES, f"holds no file with the SHA-256 {sha256} by which {quoted(policy)} was judged"

    def unpacked(self, folder: Path) -> list[Path]:
        """The policies by which the pack was judged, written below a folder of ours with all that stands beside them; their paths."""
        wanted = {one.sha256 for one in self.report.policies}
        found: dict[str, Path] = {}
        for entry in [*self.pack.under(POLICIES), *self.pack.under(FRAMEWORKS)]:
            data = self.pack.data(entry.path)
            path = folder / entry.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            if (digest := hashlib.sha256(data).hexdigest()) in wanted:
                found.setdefault(digest, path)
        return [*found.values()]

    def _object(self, name: str) -> dict[str, Any]:
        data = self.pack.data(name)
        value = _about(name, lambda: loads(data))
        if not isinstance(value, dict):
            raise WrongError(f"{name} is no JSON object")
        return value


def text(value: object, key: str, where: str) -> str:
    """A text of an object, as it was before it was made visible; WrongError where there is another thing or nothing."""
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, str):
        raise WrongError(f"{where} has no text {quoted(key)}")
    return unvisible(found)


def count(value: object, key: str, where: str) -> int:
    """A count of an object, as a number or, where it may be large, as a text of digits; WrongError for another thing."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, str) and found.isascii() and found.isdecimal() and len(found) <= 20:
        return int(found)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise WrongError(f"{where} has no count {quoted(key)}")
    return found


def items(value: object, key: str, where: str) -> list[Any]:
    """A list of an object; WrongError where there is another thing or nothing."""
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, list):
        raise WrongError(f"{where} has no list {quoted(key)}")
    return found


def objects(value: object, key: str, where: str) -> list[dict[str, Any]]:
    """A list of objects of an object; WrongError where there is another thing or nothing."""
    found = items(value, key, where)
    if not all(isinstance(one, dict) for one in found):
        raise WrongError(f"{where} has something else among {quoted(key)} than objects")
    return found


def _about(where: str, read: Callable[[], _T]) -> _T:
    """What is read, errors of it beginning with where that is."""
    try:
        return read()
    except WrongError as error:
        raise WrongError(f"{where} {error}") from error
