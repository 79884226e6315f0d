"""Three-valued logic: yes, no, and None for what nobody can tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Tri: TypeAlias = bool | None


def all_of(parts: Iterable[Tri]) -> Tri:
    """Whether all hold: a no outweighs a doubt; of nothing, yes."""
    found = list(parts)
    return False if False in found else None if None in found else True


def any_of(parts: Iterable[Tri]) -> Tri:
    """Whether one holds: a yes outweighs a doubt; of nothing, no."""
    found = list(parts)
    return True if True in found else None if None in found else False


def opposite(part: Tri) -> Tri:
    """Whether it does not hold."""
    return None if part is None else not part
