"""``manifest.json``: what a pack is about, what it promises to hold, and the SHA-256 of every member. It is what gets signed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from s3guard import __version__
from s3guard.attest import canonical, parsed
from s3guard.evidence.archive import Archive
from s3guard.evidence.members import ATTESTATIONS, MANIFEST, Content, Member, PackError, is_name

SCHEMA: Final = "s3guard/evidence/1"
LARGEST: Final = 16 << 20
"""Bytes of a manifest."""
_SAFE: Final = (1 << 53) - 1
"""The largest integer that every reader of JSON reads exactly (RFC 8785, 3.2.2.3)."""

_Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Instant = Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]
_Count = Annotated[int, Field(ge=0, le=_SAFE)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)


class Tool(_Part):
    """What wrote the pack."""

    name: Literal["s3guard"] = "s3guard"
    version: str = __version__


class Period(_Part):
    """The time that the pack is about: from `since` to before `until`, UTC."""

    since: _Instant
    until: _Instant
    open: list[Literal["since", "until"]] = []
    """Ends that nobody asked for: all that was there was judged, and the end is where it ended."""


class Redacted(_Part):
    """What stands as pseudonyms in the pack, and which key they were made with."""

    kinds: list[str]
    key: str
    """Names the key, and is not it: the same of all packs made with one key."""


class Origin(_Part):
    """The state of runs that the pack was taken from: its last entry, which names the one before it, and so on to the first."""

    entries: _Count
    sha256: _Sha256


class Promises(_Part):
    """How many the members hold; fewer is a pack that something was taken from."""

    objects: _Count
    """Lines of objects.jsonl."""
    records: _Count
    """Log records of coverage.json."""
    runs: _Count
    """Runs that were found, in runs.json."""
    hours: _Count
    """Hours with records, of all buckets, in coverage.json."""
    quarantined: _Count
    """Lines of quarantined.jsonl."""


class Listed(_Part):
    """One member."""

    path: str
    size: _Count
    sha256: _Sha256

    @field_validator("path")
    @classmethod
    def _is_a_member(cls, value: str) -> str:
        if not is_name(value) or value == MANIFEST or value.startswith(ATTESTATIONS):
            raise ValueError("not the name of a member that a manifest lists")
        return value


class Manifest(_Part):
    """What stands in ``manifest.json``."""

    schema_: Annotated[Literal["s3guard/evidence/1"], Field(alias="schema")] = SCHEMA
    tool: Tool = Tool()
    period: Period
    as_of: _Instant
    """The clock of the report: what is late, what has expired."""
    status: str
    """Of the report."""
    exit_code: Annotated[int, Field(ge=0, le=255)]
    """Of the report, as s3guard check would have ended with it."""
    not_looked_at: list[str]
    """Why the pack is not all the evidence there should be, a sentence each: none where all was looked at."""
    policies: dict[str, _Sha256]
    """Policies by name, and the SHA-256 of the file of each."""
    redacted: Redacted | None
    state: Origin | None
    """None: the pack was made of one run, which read the logs itself."""
    promises: Promises
    files: list[Listed]
    """Every member but this one and the attestations, sorted by path."""

    model_config = ConfigDict(serialize_by_alias=True)

    @field_validator("files")
    @classmethod
    def _each_once_in_order(cls, value: list[Listed]) -> list[Listed]:
        paths = [one.path for one in value]
        if paths != sorted(set(paths)):
            raise ValueError("members are listed once each, sorted by path")
        return value

    def member(self) -> Member:
        """The member, in the canonical form of RFC 8785."""
        return Member(MANIFEST, canonical(self.model_dump(mode="json", by_alias=True)))


def listed(members: Iterable[Content]) -> list[Listed]:
    """What a manifest says of the members of a pack, sorted by path; attestations and itself are left out, since they come after it."""
    named = {one.path: one for one in members if one.path != MANIFEST and not one.path.startswith(ATTESTATIONS)}
    return [Listed(path=path, size=one.size, sha256=one.sha256) for path, one in sorted(named.items())]


def mismatches(pack: Archive, listed: Manifest) -> Iterator[str]:
    """What of a pack's members is not what the manifest lists: missing, altered, put in; a clause each, that begins with the member.

    Attestations are no member that it could list. PackError for what cannot be read.
    """
    for one in listed.files:
        if one.path not in pack:
            yield f"{one.path} is missing: the manifest lists it with {one.size:,} bytes"
            continue
        entry = pack.entry(one.path)
        if entry.size != one.size:
            yield f"{one.path} was altered: it has {entry.size:,} bytes, and the manifest says {one.size:,}"
        elif entry.sha256 != one.sha256:
            yield f"{one.path} was altered: its SHA-256 is not the one that the manifest says"
    named = {MANIFEST, *(one.path for one in listed.files)}
    for name in pack.entries:
        if name not in named and not name.startswith(ATTESTATIONS):
            yield f"{name} was put in: the manifest does not list it"


def parse(data: bytes) -> Manifest:
    """The inverse of `Manifest.member`; PackError for bytes that are not just what it writes, an order that is another one included."""
    try:
        found = Manifest.model_validate(parsed(data))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "its whole"
        raise PackError(f"{MANIFEST} is no manifest of this version of s3guard: {where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise PackError(f"{MANIFEST} is no JSON, or no such as s3guard writes: {error}") from error
    if found.member().data != data:
        raise PackError(f"{MANIFEST} is not in the canonical form (RFC 8785) in which s3guard writes it; it was written anew since")
    return found
