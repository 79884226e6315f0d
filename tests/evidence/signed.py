"""A small pack, made by hand, that tests sign."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from s3guard.evidence import archive, manifest
from s3guard.evidence.manifest import Manifest, Period, Promises
from s3guard.evidence.members import Member

MEMBERS: Mapping[str, bytes] = {"README.txt": b"A pack.\n", "report.json": b"{}\n", "policies/p.yaml": b"version: 1\n"}


def listed(members: Mapping[str, bytes] = MEMBERS) -> Manifest:
    """The manifest of such members."""
    return Manifest(
        period=Period(since="2026-10-01T00:00:00Z", until="2026-11-01T00:00:00Z"),
        as_of="2026-11-01T00:00:00Z",
        status="fail",
        exit_code=1,
        not_looked_at=[],
        policies={"p": "ab" * 32},
        redacted=None,
        state=None,
        promises=Promises(objects=0, records=0, runs=0, hours=0, quarantined=0),
        files=manifest.listed([Member(name, data) for name, data in members.items()]),
    )


def pack(path: Path, members: Mapping[str, bytes] = MEMBERS, *more: Member) -> Path:
    """A pack of such members, and of others that its manifest does not know."""
    archive.write(path, [*(Member(name, data) for name, data in members.items()), listed(members).member(), *more], 0)
    return path
