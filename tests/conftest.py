"""How all tests run: laws are tried on the same examples in every run of the gate, and on more and new ones in `ci/bench`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import cache

import pytest
from botocore import session
from hypothesis import HealthCheck, settings

# NOTE: no deadlines. On two shared cores they time the neighbours, not the code.
settings.register_profile("gate", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", settings.get_profile("gate"), derandomize=False, max_examples=2_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


@pytest.fixture(scope="session", autouse=True)
def _sdk() -> Iterator[None]:
    """An SDK that reads once what services are like.

    NOTE: it does so anew for every session that is made, which takes longer than most tests that make one.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "create_loader", cache(session.create_loader))
        yield


@pytest.fixture
def interruptible() -> Iterator[None]:
    """As in a shell's foreground, also for what is started: who runs the tests in the background has all of them ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
