"""How often laws are tried whose single example takes long."""

from __future__ import annotations

from hypothesis import settings


def tried(share: int) -> settings:
    """One example for `share` of those that other laws have: in the gate as in `ci/bench`."""
    return settings(max_examples=max(1, settings().max_examples // share))
