"""``s3guard evidence verify`` and ``show``, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3guard.attest.keys import Ed25519
from tests.cli.project import Here
from tests.evidence.packs import Pack, key, made


@pytest.fixture
def pack(here: Here) -> tuple[Pack, Ed25519]:
    """A pack, unsigned, and a key whose public half is ``signer.pub.pem``."""
    folder = Path.cwd()
    return made(folder, "logs/clean.log", "logs/stranger.log"), key(folder)[0]


def test_a_pack_is_verified_with_the_key_of_its_signer(here: Here, pack: tuple[Pack, Ed25519]) -> None:
    pack[0].sealed(pack[1]).write(Path("pack.tar"))
    ended = here(
        "evidence",
        "verify",
        "pack.tar",
        "--key",
        "signer.pub.pem",
        "--objects",
        "--replay",
        "logs/clean.log",
        "--replay",
        "logs/stranger.log",
    )
    assert (0, "") == (ended.code, ended.err)
    assert "All that was asked for was verified, and holds." in ended.out
    ended = here("evidence", "verify", "pack.tar")
    assert 3 == ended.code
    assert "so this is no pass" in ended.out


def test_what_is_wrong_is_told_to_machines_in_a_file(here: Here, pack: tuple[Pack, Ed25519]) -> None:
    changed = pack[0].sealed(pack[1])
    data = changed.write(Path("pack.tar")).read_bytes()
    Path("pack.tar").write_bytes(data.replace(b"user/eve", b"user/ann", 1))
    ended = here("evidence", "verify", "pack.tar", "--key", "signer.pub.pem", "-o", "json:found.json", "-o", "text")
    told = json.loads(Path("found.json").read_text(encoding="utf-8"))
    assert (1, 1, "s3guard/verification/1") == (ended.code, told["exit_code"], told["schema"])
    (wrong,) = [check for check in told["checks"] if check["name"] == "members"]
    assert ("wrong", 1) == (wrong["mark"], len(wrong["details"]))
    assert wrong["details"][0] in " ".join(ended.out.split())


def test_the_page_is_shown_and_written(here: Here, pack: tuple[Pack, Ed25519]) -> None:
    pack[0].sealed(pack[1]).write(Path("pack.tar"))
    ended = here("evidence", "show", "pack.tar", "-o", "text", "-o", "html:page.html")
    assert (0, "") == (ended.code, ended.err)
    assert "Violations were found" in ended.out
    assert "Not verified: Nobody verified who signed" in ended.out
    assert "Violations were found" in Path("page.html").read_text(encoding="utf-8")


def test_the_page_of_a_pack_that_was_altered_says_so_first(here: Here, pack: tuple[Pack, Ed25519]) -> None:
    data = pack[0].write(Path("pack.tar")).read_bytes()
    Path("pack.tar").write_bytes(data.replace(b"openssl", b"opensll", 1))
    ended = here("evidence", "show", "pack.tar")
    assert 1 == ended.code
    assert ended.out.lower().index("do not rely on this pack") < ended.out.index("Violations were found")
    assert "README.txt was altered" in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["verify"], 2, "which pack?"),
        (["show"], 2, "which pack?"),
        (["verify", "nowhere.tar"], 2, "there is no such file"),
        (["show", "logs"], 2, "there is no such file"),
        (["verify", "logs/clean.log", "-o", "html"], 2, "'html' is not text or json"),
        (["show", "logs/clean.log", "-o", "html:"], 2, "a file's name is missing"),
        (["verify", "logs/clean.log", "--key", "logs/clean.log"], 2, "this is no public key"),
        (["verify", "logs/clean.log", "--key", "signer.pem"], 2, "this is a private key"),
        (["verify", "logs/clean.log", "--tsa-roots", "logs/clean.log"], 2, "there is no certificate"),
        (["show", "logs/clean.log", "-o", "html:logs/clean.log"], 2, "this file is what is read; give another name"),
        (["verify", "logs/clean.log", "-o", "json:logs/../logs/clean.log"], 2, "this file is what is read"),
        (["verify", "logs/clean.log"], 1, "This is not a whole evidence pack"),
        (["show", "logs/clean.log"], 3, "this is no evidence pack"),
    ],
)
def test_what_cannot_be_read_is_told(here: Here, pack: tuple[Pack, Ed25519], arguments: list[str], code: int, said: str) -> None:
    ended = here("evidence", *arguments)
    assert code == ended.code
    assert said in " ".join((ended.out + ended.err).split())
    assert "Traceback" not in ended.err
