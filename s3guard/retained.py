"""How long access logs are to be kept: what a policy says, what its frameworks ask for, and where the two cannot both hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from s3guard import frameworks
from s3guard.policy import Policy

if TYPE_CHECKING:
    # NOTE: see `s3guard.frameworks`: a policy without a framework reads none.
    from s3guard.frameworks.shape import Retention

_DAY: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Days:
    """A number of days, and who asks for it."""

    days: int
    because: str
    """``the policy``, ``pci-dss 10.5.1: twelve months``."""
    is_advice: bool = False
    """Whether to break it is a warning: how the framework applies to logs is an interpretation."""


def said(milliseconds: int | None) -> Days | None:
    """What the policy itself says, in whole days."""
    return None if milliseconds is None else Days(-(-milliseconds // _DAY), "the policy")


def strictest(asked: Iterable[Days]) -> Days | None:
    """The longest time; of equal ones that which is no advice."""
    return max(asked, key=lambda one: (one.days, not one.is_advice), default=None)


def kept(names: Sequence[str]) -> tuple[Days, ...]:
    """How long each of the frameworks (pinned or not) asks that logs are kept at least; those that name no number are left out."""
    return tuple(_of(names, "logs"))


def available(names: Sequence[str]) -> tuple[Days, ...]:
    """How long each asks that they can be read at once."""
    return tuple(_of(names, "available"))


def state_maximum(names: Sequence[str]) -> tuple[str, ...]:
    """The frameworks that ask whoever keeps logs to say how long at most."""
    return tuple(frameworks.plain(id_) for id_, found in _retentions(names) if found.states_maximum)


def _of(names: Sequence[str], field: str) -> Iterator[Days]:
    for id_, found in _retentions(names):
        if (one := getattr(found, field)) is not None:
            yield Days(one.days, f"{frameworks.plain(id_)} {one.because}", one.is_advice)


def _retentions(names: Sequence[str]) -> Iterator[tuple[str, Retention]]:
    ids = dict.fromkeys(frameworks.resolved(name) for name in names)
    return ((id_, frameworks.load(id_).retention) for id_ in ids if id_ is not None)


def advice(policy: Policy) -> Iterator[str]:
    """What a policy's retention leaves open, or decides against one of its frameworks: a sentence each, without a full stop."""
    retention = policy.logging.retention if policy.logging is not None else None
    least, most, soon = (said(getattr(retention, name, None)) for name in ("min", "max", "immediately_available"))
    for one in kept(policy.frameworks):
        if most is not None and most.days < one.days:
            yield _against("retention.max", "deleted after", most, one)
        elif least is not None and least.days < one.days:
            yield _against("retention.min", "kept for", least, one)
    for one in available(policy.frameworks):
        if soon is not None and soon.days < one.days:
            yield _against("retention.immediately_available", "at hand for", soon, one)
    if most is None:
        for name in state_maximum(policy.frameworks):
            yield f"{name} asks that it is stated how long logs, which hold personal data, are kept at most; add `logging: retention: max`"


def _against(field: str, what: str, ours: Days, theirs: Days) -> str:
    control, _, _ = theirs.because.partition(":")
    weight = "asks for" if not theirs.is_advice else "as many read it asks for"
    return (
        f"`{field}` conflicts with a framework of the policy: logs are {what} {ours.days:,} days, and {control} {weight} {theirs.days:,}; "
        "decide which of the two holds and say why in the policy"
    )
