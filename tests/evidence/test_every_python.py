"""That a pack is the same on every Python that runs this suite: digests that were written down once, and are no one's machine."""

from __future__ import annotations

import hashlib
from pathlib import Path

from s3guard.evidence import archive
from s3guard.evidence.members import Member
from tests.cli.project import Here
from tests.evidence.test_pack import CHECK, packed

TAR = "4eac47f0c77276f1817c9079ad636bb44c88f45209987a856169ec417c561753"
DATA = {
    "coverage.json": "540cbf66dbc8cf0c56a7e6cacbfe1b330803112612b238fb83348db4be3c64db",
    "objects.jsonl": "deeefa414401b8b1d7816df384ed71238006ce283a9d982eb13ab1b68f1eb760",
    "policies/p.yaml": "da1a0a68990c1defc948ef20b1bdf476cdb828855c3db7e2126a14765bd9f524",
    "quarantined.jsonl": "14528d0805d8309923e53e218097c169c03f471ecd0f05559751cc0b66928020",
    "waivers.json": "b78894df39f64cdde1c26aff5561f8371954fc0b01a979ef9a5a03f06d437000",
}
"""Members that say nothing in words, which change; Python 3.11, 3.12 and 3.13 write these (and whole packs) alike."""


def test_an_archive_has_the_bytes_that_it_has_on_every_python(tmp_path: Path) -> None:
    members = [Member(f"policies/{'a' * at}.yaml", bytes([at]) * at * 100) for at in (80, 1, 5)]
    archive.write(tmp_path / "e.tar", [*members, Member("README.txt", b"x\n")], mtime=0)
    assert TAR == hashlib.sha256((tmp_path / "e.tar").read_bytes()).hexdigest()


def test_the_data_of_a_pack_have_the_bytes_that_they_have_on_every_python(here: Here) -> None:
    _, pack = packed(here, *CHECK)
    assert DATA == {name: pack.entry(name).sha256 for name in DATA}
