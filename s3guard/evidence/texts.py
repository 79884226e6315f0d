"""The policies of a pack: the bytes of every file that they are made of, and where in the pack each stands."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from s3guard.drafts import shipped_packs
from s3guard.evidence.members import LONGEST, POLICIES, Member, is_name
from s3guard.model import Location, PolicyFile, Report, UnableError
from s3guard.policy import Policy, Source
from s3guard.text import shown

_PACKS = f"{POLICIES}packs/"


@dataclass(frozen=True, slots=True)
class Texts:
    """Files of policies, as members."""

    members: tuple[Member, ...]
    places: dict[str, str]
    """The members by the names that reports have for the files."""

    def report(self, report: Report) -> Report:
        """The report with the names of policies' files as they are in the pack, wherever they were on the machine that judged."""
        results = tuple(replace(one, location=Location(self._of(one.location.file), one.location.line)) for one in report.results)
        return replace(report, policies=tuple(map(self.policy, report.policies)), results=results)

    def policy(self, one: PolicyFile) -> PolicyFile:
        """A policy's entry, its file as it is named in the pack."""
        return replace(one, file=self._of(one.file))

    def _of(self, file: str) -> str:
        return self.places.get(file, file)


def texts(policies: Sequence[Policy], read: Callable[[Path], bytes] = Path.read_bytes) -> Texts:
    """The files that policies are made of, in folders as they lie beside each other; what s3guard ships stands in ``policies/packs/``.

    UnableError where one cannot be read again, or is not what it was when the policy was loaded.
    """
    sources = list(dict.fromkeys(source for policy in policies for source in policy.sources))
    own = [source for source in sources if not _is_shipped(source)]
    top = os.path.commonpath([os.path.dirname(os.path.abspath(one.path)) for one in own]) if own else ""  # noqa: PTH100, PTH120 - links stay
    found: dict[str, Member] = {}
    places = {}
    for source in sources:
        path = f"{_PACKS}{source.path.name}" if _is_shipped(source) else f"{POLICIES}{os.path.relpath(source.path, top)}"
        member = Member(_free(path, source.sha256, found), _content(source, read))
        found[member.path] = member
        places[source.file] = member.path
    return Texts(tuple(found.values()), places)


def earlier(digests: Iterable[str], known: Callable[[str], bytes | None], present: Texts) -> tuple[Member, ...]:
    """Versions of policies that are not among the present ones, as far as anybody kept their text."""
    have = {member.sha256 for member in present.members}
    found = ((digest, known(digest)) for digest in sorted(set(digests) - have))
    return tuple(Member(f"{POLICIES}{digest}.yaml", data) for digest, data in found if data is not None)


def _is_shipped(source: Source) -> bool:
    return source.path.is_relative_to(shipped_packs()) and Path(source.file).is_absolute()


def _free(path: str, digest: str, taken: dict[str, Member]) -> str:
    """A name in the pack that is one and is free; a stranger's name becomes one that is."""
    name = PurePosixPath(path).as_posix()
    if is_name(name) and (name not in taken or taken[name].sha256 == digest):
        return name
    stem = re.sub(r"[^A-Za-z0-9._/-]+", "-", name)[: LONGEST - 30]
    stem = "/".join(part.lstrip(".-_") or "policy" for part in stem.split("/"))
    return f"{stem.removesuffix('.yaml').removesuffix('.yml').rstrip('/.')}-{digest[:16]}.yaml"


def _content(source: Source, read: Callable[[Path], bytes]) -> bytes:
    try:
        data = read(source.path)
    except OSError as error:
        raise UnableError(f"{shown(source.file)} could not be read for the pack: {error.strerror or error}") from error
    if hashlib.sha256(data).hexdigest() != source.sha256:
        raise UnableError(f"{shown(source.file)} was changed since the policy in it was judged by; run again")
    return data
