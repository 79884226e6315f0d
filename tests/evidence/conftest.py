"""Projects to run the command in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.project import Here, project


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project."""
    return project(tmp_path)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """A project, and the command in this process."""
    return Here(tmp_path, monkeypatch, capsys)
