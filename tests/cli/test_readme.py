"""What the README tells people to type is what s3guard takes."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from s3guard.evidence.signing import Seal, sealed
from s3guard.policy import load
from tests.attest import keyring
from tests.cli.project import Here
from tests.evidence.signed import MEMBERS, listed, pack
from tests.outputs import reports

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    shlex.split(line, comments=True)[1:] for kind, block in BLOCKS if not kind for line in block.splitlines() if line.startswith("s3guard ")
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_flag_of_a_command_is_one_of_its_verb(here: Here, command: list[str]) -> None:
    page = here(*command[: 2 if command[0] == "evidence" else 1], "--help").out
    flags = {word for word in command[1:] if re.fullmatch(r"--?[a-z][a-z-]*", word)}
    assert set() == {flag for flag in flags if not re.search(rf"(?<![\w-]){flag}\b", page)}


def test_the_commands_and_the_policy_are_found() -> None:
    assert {"check", "validate", "records", "explain"} <= {command[0] for command in COMMANDS}
    assert 1 == sum("policy:" in block for kind, block in BLOCKS if kind == "yaml")


def test_the_policy_to_start_from_is_valid(tmp_path: Path) -> None:
    (policy,) = (block for kind, block in BLOCKS if kind == "yaml" and "policy:" in block)
    (tmp_path / "p.yaml").write_text(policy, encoding="utf-8")
    (loaded,) = load([tmp_path / "p.yaml"], tmp_path)
    assert {"requesters", "writers", "administrators", "volume", "anonymous", "transport"} <= {one.rule.kind for one in loaded.rules}


def test_openssl_alone_verifies_a_pack_as_it_says(tmp_path: Path) -> None:
    (recipe,) = (block for kind, block in BLOCKS if kind == "sh" and "openssl pkeyutl" in block)
    seal = Seal(keyring.signing("Ed25519"))
    for at, folder in enumerate((tmp_path / "good", tmp_path / "other")):
        folder.mkdir()
        pack(folder / "evidence.tar", MEMBERS, *sealed(listed(), reports.failing(), seal))
        (folder / "signer.pub.pem").write_bytes(keyring.signing("Ed25519", at).public_pem)

    def ended(folder: str) -> tuple[int, list[str]]:
        done = subprocess.run(["sh", "-ec", recipe], cwd=tmp_path / folder, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()

    assert (0, ["Signature Verified Successfully", listed().member().sha256]) == ended("good")
    assert (1, ["Signature Verification Failure"]) == ended("other")
    pack(tmp_path / "good" / "evidence.tar", {**MEMBERS, "report.json": b"[]"}, *sealed(listed(), reports.failing(), seal))
    assert (1, ["Signature Verified Successfully"]) == ended("good")


def test_files_that_it_names_are_there() -> None:
    named = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert named
    assert [] == [name for name in named if not (Path(__file__).parent.parent.parent / name).exists()]
