from __future__ import annotations

import json
from typing import Any

import pytest

from s3guard.evidence import manifest
from s3guard.evidence.manifest import Manifest, Origin, Period, Promises, Redacted
from s3guard.evidence.members import Member, PackError

MEMBERS = [
    Member("report.json", b"{}"),
    Member("README.txt", b"x"),
    Member("attestations/0001-a.dsse.json", b"{}"),
    Member("manifest.json", b""),
]


def made(**told: Any) -> Manifest:
    fields: dict[str, Any] = {
        "period": Period(since="2026-08-01T00:00:00Z", until="2026-10-30T00:00:00Z"),
        "as_of": "2026-10-30T00:00:00Z",
        "status": "undetermined",
        "exit_code": 3,
        "not_looked_at": ["No run on 3 October."],
        "policies": {"phi-records": "a" * 64},
        "redacted": Redacted(kinds=["ip"], key="0" * 16),
        "state": Origin(entries=12, sha256="b" * 64),
        "promises": Promises(objects=1, records=(1 << 53) - 1, runs=3, hours=4, quarantined=0),
        "files": manifest.listed(MEMBERS),
    }
    return Manifest(**(fields | told))


def test_what_is_written_is_read() -> None:
    assert manifest.parse(made().member().data) == made()
    assert manifest.parse(made(redacted=None, state=None).member().data) == made(redacted=None, state=None)


def test_it_is_canonical_json() -> None:
    data = made().member().data
    assert data == json.dumps(json.loads(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_it_lists_every_member_but_itself_and_the_attestations() -> None:
    assert [one.path for one in made().files] == ["README.txt", "report.json"]
    assert [one.size for one in made().files] == [1, 2]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (json.dumps, "canonical"),
        (lambda told: json.dumps(told, sort_keys=True, separators=(",", ":")).replace('"as_of":', '"as_of": ', 1), "canonical"),
        (lambda told: json.dumps(dict(reversed(told.items())), separators=(",", ":")), "canonical"),
        (lambda told: json.dumps(told | {"files": told["files"][::-1]}), "sorted by path"),
        (lambda told: json.dumps(told | {"files": [*told["files"], told["files"][-1]]}), "sorted by path"),
        (lambda told: json.dumps(told | {"more": 1}), "more"),
        (lambda told: json.dumps(told | {"schema": "s3guard/evidence/2"}), "schema"),
        (lambda told: json.dumps(told | {"exit_code": "3"}), "exit_code"),
        (lambda told: json.dumps(told | {"files": [{"path": "../x", "size": 1, "sha256": "a" * 64}]}), "not the name of a member"),
        (lambda told: json.dumps({key: value for key, value in told.items() if key != "redacted"}), "redacted"),
        (lambda told: json.dumps(told)[:-1] + ',"as_of":"2026-10-30T00:00:00Z"}', "twice"),
        (lambda told: json.dumps(told)[:-1], "no JSON"),
        (lambda _: "[" * 100_000, "no JSON"),
        (lambda _: "null", "no manifest"),
    ],
)
def test_whatever_is_otherwise_is_refused(change: Any, told: str) -> None:
    data = change(json.loads(made().member().data))
    with pytest.raises(PackError, match=told):
        manifest.parse(data.encode())


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(PackError, match="no JSON"):
        manifest.parse(b"\xff\xfe{}")
