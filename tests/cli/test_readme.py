"""What the README tells people to type is what s3guard takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from s3guard.policy import load
from tests.cli.project import Here

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    shlex.split(line, comments=True)[1:] for kind, block in BLOCKS if not kind for line in block.splitlines() if line.startswith("s3guard ")
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_flag_of_a_command_is_one_of_its_verb(here: Here, command: list[str]) -> None:
    page = here(command[0], "--help").out
    flags = {word for word in command[1:] if re.fullmatch(r"--?[a-z][a-z-]*", word)}
    assert set() == {flag for flag in flags if not re.search(rf"(?<![\w-]){flag}\b", page)}


def test_the_commands_and_the_policy_are_found() -> None:
    assert {"check", "validate", "records", "explain"} <= {command[0] for command in COMMANDS}
    assert 1 == sum(kind == "yaml" for kind, _ in BLOCKS)


def test_the_policy_to_start_from_is_valid(tmp_path: Path) -> None:
    (policy,) = (block for kind, block in BLOCKS if kind == "yaml")
    (tmp_path / "p.yaml").write_text(policy, encoding="utf-8")
    (loaded,) = load([tmp_path / "p.yaml"], tmp_path)
    assert {"requesters", "writers", "administrators", "volume", "anonymous", "transport"} <= {one.rule.kind for one in loaded.rules}


def test_files_that_it_names_are_there() -> None:
    named = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert named
    assert [] == [name for name in named if not (Path(__file__).parent.parent.parent / name).exists()]
