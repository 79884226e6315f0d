"""A small repository with a policy and logs, and the command run in it: as a process, or here, which is quicker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from s3guard import cli, memory
from tests import lines

POLICY = """\
version: 1
policy: p
buckets: [examplebucket]
rules:
  requesters: {allow: [arn:aws:iam::111122223333:user/ann]}
"""
CLEAN = lines.record().render() + b"\n"
STRANGER = lines.record(requester=b"arn:aws:iam::111122223333:user/eve").render() + b"\n"
AMBIGUOUS = lines.record(user_agent=b'x" 404 NoSuchKey 1 1 1 1 "-" "').render() + b"\n"
DAMAGED = b"this is no record\n"
QUIET = {name: value for name, value in os.environ.items() if not name.startswith(("S3GUARD_", "GITHUB_", "FORCE_COLOR", "NO_COLOR"))}
"""The environment without what changes how s3guard behaves."""
COMMAND = (sys.executable, "-m", "s3guard")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def project(folder: Path) -> Path:
    """A repository: ``policies/p.yaml`` and ``logs/clean.log``, ``stranger.log``, ``ambiguous.log``, ``damaged.log``, ``empty.log``."""
    (folder / ".git").mkdir()
    (folder / "policies").mkdir()
    (folder / "policies" / "p.yaml").write_text(POLICY, encoding="utf-8")
    (folder / "logs").mkdir()
    logs = {"clean": CLEAN * 3, "stranger": CLEAN + STRANGER, "ambiguous": CLEAN + AMBIGUOUS, "damaged": CLEAN + DAMAGED, "empty": b""}
    for name, content in logs.items():
        (folder / "logs" / f"{name}.log").write_bytes(content)
    return folder


def run(folder: Path, *arguments: str, stdin: bytes = b"", environ: Mapping[str, str] | None = None) -> Ended:
    """The command as a process of its own in `folder`."""
    ended = subprocess.run(
        [*COMMAND, *arguments], cwd=folder, input=stdin, capture_output=True, check=False, env={**QUIET, **(environ or {})}, timeout=120
    )
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


class Here:
    """The command in this process, in a project of its own."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = project(folder)
        self.patch = patch
        self._capture = capture
        patch.chdir(folder)
        patch.setattr(memory, "keep", lambda: None)  # NOTE: this process lives on
        for name in os.environ.keys() - QUIET.keys():
            patch.delenv(name)

    def __call__(self, *arguments: str, **environ: str) -> Ended:
        """Run with these arguments, and these variables beside the others."""
        self._capture.readouterr()
        with self.patch.context() as patched:
            for name, value in environ.items():
                patched.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                cli.main(arguments)
        said = self._capture.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, said.out, said.err)

    def write(self, name: str, text: str) -> Path:
        """A file of the project."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path
