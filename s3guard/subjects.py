"""The subject of a finding in words: who did it, from where, and what; every message about records begins with it."""

from __future__ import annotations

from collections.abc import Mapping


def subject_text(subject: Mapping[str, str | int | None]) -> str:
    """``principal arn:…, operation REST.PUT.OBJECT``, raw log text in it; empty for one group of everything."""
    return ", ".join(f"{name.replace('_', ' ')} {_named(name, value)}" for name, value in subject.items())


def _named(column: str, value: str | int | None) -> str | int:
    """A part of a subject, in words where the log has no value."""
    if value is not None:
        return value
    return "anonymous" if column in ("principal", "requester") else "none"


def matched_text(match: Mapping[str, object] | None) -> str:
    """What a waiver asks of subjects: ``principal arn:… or arn:…, operation REST.PUT.*``; ``every finding`` where it asks nothing."""
    either = {name: " or ".join(map(str, one)) if isinstance(one, list | tuple) else str(one) for name, one in (match or {}).items()}
    return ", ".join(f"{name.replace('_', ' ')} {patterns}" for name, patterns in either.items()) or "every finding"
