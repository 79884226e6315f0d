"""Runs that are killed and runs at once, on both kinds of state: each log object counts once, and the report is that of one run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.s3 import access, shelf
from tests.surviving import survive, world


@pytest.fixture(params=["folder", "s3"])
def state(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A place for a state, of each kind."""
    if request.param == "folder":
        yield str(tmp_path / "state")
        return
    with shelf.served(shelf.Shelf({}), "audit") as address:
        access.reached(monkeypatch, address)
        yield "s3://audit/team/state"


def test_whatever_is_killed_and_whoever_runs_beside_nothing_is_lost_and_nothing_counts_twice(state: str, tmp_path: Path) -> None:
    world(tmp_path)
    toll = survive(tmp_path, state, Random(20261122), kills=8, crowds=[3])
    assert toll.killed >= 8
