"""The allocators are told before Polars is loaded, and only what the user has not said himself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from s3guard import memory
from tests.cli.project import QUIET, project

ASKED = """
import sys
from s3guard import memory
keep = memory.keep
def noted():
    sys.stderr.write(f"polars loaded: {'polars' in sys.modules}\\n")
    keep()
memory.keep = noted
from s3guard.cli import main
main()
"""


@pytest.mark.parametrize("verb", ["check", "records"])
def test_it_is_told_before_polars_is_loaded(tmp_path: Path, verb: str) -> None:
    command = [sys.executable, "-c", ASKED, verb, "logs/clean.log"]
    ended = subprocess.run(command, cwd=project(tmp_path), capture_output=True, check=False, env=QUIET)
    assert (0, b"polars loaded: False\n") == (ended.returncode, ended.stderr)


def test_what_the_user_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "other")
    monkeypatch.setenv("_RJEM_MALLOC_CONF", "background_thread:false")
    memory.keep()
    assert "background_thread:false" == os.environ["_RJEM_MALLOC_CONF"]


def test_what_a_process_with_polars_leaves_to_those_that_it_starts_is_no_choice() -> None:
    left = "import polars, subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)"
    told = "from s3guard import memory; memory.keep(); import os; print(os.environ['_RJEM_MALLOC_CONF'])"
    plain = {name: value for name, value in os.environ.items() if name != "_RJEM_MALLOC_CONF"}
    ended = subprocess.run([sys.executable, "-c", left, told], capture_output=True, check=True, env=plain)
    assert b"oversize_threshold" in ended.stdout


def test_a_c_library_without_mallopt_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import ctypes

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    monkeypatch.delenv("_RJEM_MALLOC_CONF", raising=False)
    memory.keep()
    assert "dirty_decay_ms:" in os.environ["_RJEM_MALLOC_CONF"]
