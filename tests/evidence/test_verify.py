from __future__ import annotations

from pathlib import Path

import pytest

from s3guard.attest import Key
from s3guard.attest.keys import Ed25519
from s3guard.evidence.verification import Check, Mark, Verification
from s3guard.evidence.verify import Request, verified
from tests.cli.project import project
from tests.evidence.packs import Pack, key, made


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project(tmp_path))
    return tmp_path


@pytest.fixture
def signer(tmp_path: Path) -> tuple[Ed25519, Key]:
    return key(tmp_path)


@pytest.fixture
def pack(folder: Path) -> Pack:
    return made(folder, "logs/clean.log", "logs/stranger.log")


def told(found: Verification) -> dict[str, Mark]:
    return {check.name: check.mark for check in found.checks}


def test_a_whole_pack_that_a_trusted_key_signed_holds(folder: Path, pack: Pack, signer: tuple[Ed25519, Key]) -> None:
    private, public = signer
    path = pack.sealed(private).signed_off(private).write(folder / "pack.tar")
    found = verified(Request(path, [public], replay=["logs/clean.log", "logs/stranger.log"], objects=True, root=folder))
    assert [] == [check for check in found.checks if check.mark not in (Mark.HOLDS, Mark.SKIPPED)]
    assert 0 == found.exit_code
