"""How all tests run: laws are tried on the same examples in every run of the gate, and on more and new ones in `ci/bench`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# NOTE: no deadlines. On two shared cores they time the neighbours, not the code.
settings.register_profile("gate", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", settings.get_profile("gate"), derandomize=False, max_examples=2_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))
