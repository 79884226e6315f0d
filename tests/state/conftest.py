"""Tests of what a state remembers, made twice where a module says ``COMPACTED``: as they are, and with a compaction after every run."""

from __future__ import annotations

import pytest

from s3guard import check
from s3guard.state import State
from s3guard.state.compaction import compact


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What a module's ``COMPACTED`` excepts looks at entries, which a compaction takes away."""
    excepted = getattr(metafunc.module, "COMPACTED", None)
    if excepted is not None and metafunc.function.__name__ not in excepted:
        metafunc.parametrize("_compacting", [False, True], ids=["as-written", "compacted"], indirect=True)


@pytest.fixture(autouse=True)
def _compacting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compact a state whenever a run has looked at it or came to its end."""
    if not getattr(request, "param", False):
        return
    concluded, finish = check._concluded, check.Judged.finish

    def compacting(request: check.Request, work: object, state: State | None, run: str, known: frozenset[str]) -> object:
        done = concluded(request, work, state, run, known)  # type: ignore[arg-type] # as it came
        if request.state is not None:
            compact(State(request.state))
        return done

    def finishing(self: check.Judged) -> None:
        finish(self)
        assert self.state is not None
        compact(State(self.state.uri))

    monkeypatch.setattr(check, "_concluded", compacting)
    monkeypatch.setattr(check.Judged, "finish", finishing)
