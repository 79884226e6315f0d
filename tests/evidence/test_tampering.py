"""Whoever changes a byte of a pack is caught, and told where."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s3guard.attest import Key
from s3guard.evidence import archive
from s3guard.evidence.verification import Mark, Verification
from s3guard.evidence.verify import Request, verified
from tests.cli.project import project
from tests.evidence.packs import key, made

BLOCK = 512


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Key]]:
    """A pack that is signed and signed off, and the key."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project(folder))
        private, public = key(folder)
        yield made(folder, "logs/clean.log", "logs/stranger.log").sealed(private).signed_off(private).write(folder / "pack.tar"), public


NAMES = (
    "README.txt",
    "attestations/0001-test-result.dsse.json",
    "attestations/0002-evaluation.dsse.json",
    "attestations/0003-sign-off.dsse.json",
    "coverage.json",
    "junit.xml",
    "manifest.json",
    "objects.jsonl",
    "policies/p.yaml",
    "quarantined.jsonl",
    "report.html",
    "report.json",
    "report.sarif",
    "runs.json",
    "waivers.json",
)


def judged(data: bytes, kept: tuple[Path, Key]) -> Verification:
    path = kept[0].parent / "changed.tar"
    path.write_bytes(data)
    return verified(Request(path, [kept[1]]))


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def wrong(found: Verification) -> str:
    """What is told of what is wrong."""
    assert 1 == found.exit_code
    return "\n".join(f"{check.says} {' '.join(check.details)}" for check in found.checks if check.mark is Mark.BROKEN)


def test_the_pack_of_these_tests_holds_and_has_every_kind_of_member(kept: tuple[Path, Key]) -> None:
    assert 0 == verified(Request(kept[0], [kept[1]])).exit_code
    assert NAMES == tuple(archive.read(kept[0]).entries)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "quarantined.jsonl"])
def test_one_bit_of_a_member_is_caught_and_the_member_named(kept: tuple[Path, Key], name: str) -> None:
    data, entry = kept[0].read_bytes(), archive.read(kept[0]).entry(name)
    for at in {0, entry.size // 3, entry.size // 2, entry.size - 1}:
        for bit in (0, 6):
            assert name in wrong(judged(flipped(data, entry.offset + at, bit), kept))


@pytest.mark.parametrize("name", NAMES)
def test_one_bit_of_a_header_is_caught_and_the_member_named(kept: tuple[Path, Key], name: str) -> None:
    data, entry = kept[0].read_bytes(), archive.read(kept[0]).entry(name)
    fields = (0, 100, 108, 116, 124, 134, 136, 146, 148, 155, 156, 157, 256, 257, 263, 265, 297, 329, 345, 511)
    for at in fields:
        told = wrong(judged(flipped(data, entry.offset - BLOCK + at, 0), kept))
        assert name[1:20] in told or f"byte {entry.offset - BLOCK:,}" in told


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0), st.integers(0, 7))
def test_one_bit_anywhere_is_caught(kept: tuple[Path, Key], where: int, bit: int) -> None:
    data = kept[0].read_bytes()
    assert wrong(judged(flipped(data, where % len(data), bit), kept))


def test_every_byte_of_a_signed_statement_counts(kept: tuple[Path, Key]) -> None:
    from s3guard.evidence.seals import seals

    data, whole = kept[0].read_bytes(), archive.read(kept[0])
    digest = whole.entry("manifest.json").sha256
    entry = whole.entry("attestations/0001-test-result.dsse.json")
    path = kept[0].parent / "byte.tar"
    for at in range(0, entry.size, 3):
        path.write_bytes(flipped(data, entry.offset + at, at % 8))
        first, *_ = seals(archive.read(path), digest, [kept[1]])
        assert first.faults or not first.held, at


@pytest.mark.parametrize("name", [name for name in NAMES if "sign-off" not in name])
def test_a_missing_member_is_named(kept: tuple[Path, Key], name: str) -> None:
    assert name in wrong(judged(packed(kept, lambda members: members.pop(name)), kept))


def test_that_the_last_sign_off_may_have_been_taken_away_is_said(kept: tuple[Path, Key]) -> None:
    found = judged(packed(kept, lambda members: members.pop("attestations/0003-sign-off.dsse.json")), kept)
    assert any("taken away again leaves no trace" in check.says for check in found.checks)


@pytest.mark.parametrize("name", ["extra.txt", "policies/q.yaml", "attestations/0009-note.txt", "attestations/0004-sign-off.tsr", "zzz"])
def test_a_member_more_is_named(kept: tuple[Path, Key], name: str) -> None:
    assert name in wrong(judged(packed(kept, lambda members: members.update({name: b"x"})), kept))


def test_two_members_that_changed_places_are_named(kept: tuple[Path, Key]) -> None:
    def swap(members: dict[str, bytes]) -> None:
        members["junit.xml"], members["report.sarif"] = members["report.sarif"], members["junit.xml"]

    told = wrong(judged(packed(kept, swap), kept))
    assert "junit.xml was altered" in told
    assert "report.sarif was altered" in told


def test_two_statements_that_changed_places_are_named(kept: tuple[Path, Key]) -> None:
    first, second = NAMES[1:3]

    def swap(members: dict[str, bytes]) -> None:
        members[first], members[second] = members[second], members[first]

    told = wrong(judged(packed(kept, swap), kept))
    assert f"{first} is not what its name says" in told
    assert f"{second} is not what its name says" in told


def test_a_manifest_in_another_order_is_named(kept: tuple[Path, Key]) -> None:
    import json

    def turned(members: dict[str, bytes]) -> None:
        told = json.loads(members["manifest.json"])
        members["manifest.json"] = json.dumps({**told, "files": told["files"][::-1]}, sort_keys=True, separators=(",", ":")).encode()

    def spelled(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"])).encode()

    for change in (turned, spelled):
        assert "manifest.json" in wrong(judged(packed(kept, change), kept))


def test_a_file_that_was_cut_is_no_pack(kept: tuple[Path, Key]) -> None:
    data = kept[0].read_bytes()
    for length in (0, 1, 511, 512, 10_240, len(data) // 2, len(data) - 10_240, len(data) - 1):
        assert 1 == judged(data[:length], kept).exit_code


@pytest.mark.parametrize("more", [b"x", b"\0", b"\0" * 512, b"\0" * 10_240, b"PK\x03\x04" + b"x" * 10_236])
def test_bytes_behind_the_end_are_told(kept: tuple[Path, Key], more: bytes) -> None:
    assert 1 == judged(kept[0].read_bytes() + more, kept).exit_code


def test_something_in_the_padding_is_told(kept: tuple[Path, Key]) -> None:
    data, entry = kept[0].read_bytes(), archive.read(kept[0]).entry("junit.xml")
    assert "junit.xml" in wrong(judged(flipped(data, entry.offset + entry.size, 0), kept))
    assert 1 == judged(flipped(data, len(data) - 1, 0), kept).exit_code


TRICKS: dict[str, dict[str, Any]] = {
    "absolute": {"name": "/etc/passwd"},
    "above": {"name": "../x"},
    "above, within": {"name": "policies/../../x"},
    "hidden": {"name": ".ssh/x"},
    "backslash": {"name": "a\\b"},
    "drive": {"name": "C:x"},
    "escape": {"name": "\x1b[2Jx"},
    "other script": {"name": "rеport.json"},
    "long": {"name": "a/" * 90 + "x"},
    "symbolic link": {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd", "size": 0},
    "hard link": {"type": tarfile.LNKTYPE, "linkname": "report.json", "size": 0},
    "device": {"type": tarfile.CHRTYPE, "size": 0},
    "pipe": {"type": tarfile.FIFOTYPE, "size": 0},
    "folder": {"type": tarfile.DIRTYPE, "size": 0},
    "sparse": {"type": b"S"},
    "somebody's": {"uid": 1000, "uname": "root"},
    "executable": {"mode": 0o755},
    "huge": {"size": 1 << 40},
}
"""What stands in the header of a member that was put behind the others."""


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("form", [0, 1, 2], ids=["USTAR", "GNU", "PAX"])
def test_tricks_with_tar_are_refused(kept: tuple[Path, Key], trick: str, form: Literal[0, 1, 2]) -> None:
    info = tarfile.TarInfo("zzz")
    info.size, info.mode = 1, 0o644
    for name, value in TRICKS[trick].items():
        setattr(info, name, value)
    try:
        header = info.tobuf(form)
    except ValueError:
        return  # NOTE: this form cannot say it
    data = kept[0].read_bytes().rstrip(b"\0")
    data += b"\0" * (-len(data) % BLOCK) + header + b"x" + b"\0" * 511
    told = wrong(judged(data + b"\0" * (1024 + -(len(data) + 1024) % 10_240), kept))
    assert "\x1b" not in told


def test_a_member_that_is_there_twice_is_named(kept: tuple[Path, Key]) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, entry in archive.read(kept[0]).entries.items():
            for _ in range(2 if name == "report.json" else 1):
                info = tarfile.TarInfo(name)
                info.size = entry.size
                tar.addfile(info, io.BytesIO(b"".join(entry.pieces())))
    assert "report.json is there twice" in wrong(judged(buffer.getvalue(), kept))


def test_members_in_another_order_are_told(kept: tuple[Path, Key]) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, entry in reversed([*archive.read(kept[0]).entries.items()]):
            info = tarfile.TarInfo(name)
            info.size = entry.size
            tar.addfile(info, io.BytesIO(b"".join(entry.pieces())))
    assert "is not in its place" in wrong(judged(buffer.getvalue(), kept))


def packed(kept: tuple[Path, Key], change: Callable[[dict[str, bytes]], object]) -> bytes:
    """The pack with other members, in the form of a pack."""
    from s3guard.evidence.members import Member

    members = {name: b"".join(entry.pieces()) for name, entry in archive.read(kept[0]).entries.items()}
    change(members)
    path = kept[0].parent / "packed.tar"
    archive.write(path, [Member(name, data) for name, data in members.items()], 0)
    return path.read_bytes()
