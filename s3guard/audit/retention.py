"""What a lifecycle configuration does to the log objects of one source: when they are deleted, and when they are archived.

A rule applies where it is enabled and has no tag filter, since delivered logs carry no tags. Where its prefix begins every key of the logs
it applies to all of them; where only some keys begin with it, or it looks at sizes, to some. Where several apply the shorter wins:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from s3guard.audit.facts import NotKnownError, is_symbolic
from s3guard.audit.likeness import STAR, Tokens, head, matches, may_agree, text
from s3guard.audit.rows import IntelligentTiering, Lifecycle, LifecycleRule, Transition

AT_ONCE: Final = frozenset(
    {"STANDARD", "STANDARD_IA", "ONEZONE_IA", "REDUCED_REDUNDANCY", "GLACIER_IR", "INTELLIGENT_TIERING", "EXPRESS_ONEZONE"}
)
"""Storage classes that are read without a restore."""
ARCHIVES: Final = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""Those that are not."""

NAMELESS: Final = "without an id"
"""What a lifecycle rule is called that its template leaves to AWS to name."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule that applies to logs."""

    rule: LifecycleRule
    is_for_all: bool
    """Whether to all of them, not only to some by key or size."""


def applied(lifecycle: Lifecycle | None, key: Tokens) -> tuple[Applied, ...]:
    """The rules that apply to log objects of these keys; NotKnownError where a name that a template does not know decides."""
    return tuple(_applied(lifecycle.rules if lifecycle else (), key))


def _applied(rules: Sequence[LifecycleRule], key: Tokens) -> Iterator[Applied]:
    begin = head(key)
    for rule in rules:
        if rule.status != "Enabled" or rule.tags:
            continue
        # NOTE: a thousand sources may meet a thousand rules, so what is plainly another prefix is asked plainly.
        if not is_symbolic(rule.prefix) and not may_agree(rule.prefix, begin):
            continue
        begins = begins_with(rule.prefix, key)
        if begins is False:
            continue
        has_symbols = is_symbolic(rule.prefix) or any(isinstance(token, str) and len(token) > 1 for token in key)
        if begins is None and has_symbols:
            raise NotKnownError(f"whether the lifecycle rule {rule.id} applies depends on names that are not known yet")
        is_narrowed = rule.object_size_greater_than is not None or rule.object_size_less_than is not None
        yield Applied(rule, begins is True and not is_narrowed)


def begins_with(prefix: str, key: Tokens) -> bool | None:
    """Whether all keys begin with a prefix (True), or none (False), or some."""
    return matches((*text(prefix), STAR), key)


@dataclass(frozen=True, slots=True)
class Deletion:
    """When log objects go."""

    soonest: Applied | None
    """The rule by which the first of them expire; None: none ever do."""
    everywhere: Applied | None
    """The rule by which all of them have expired at last; None: some never do."""
    dated: tuple[Applied, ...]
    """Rules that delete on one fixed day whatever is there."""


def deletion(rules: Sequence[Applied]) -> Deletion:
    """When log objects expire, versions aside."""
    counted = [one for one in rules if one.rule.expiration_days is not None]
    whole = [one for one in counted if one.is_for_all]
    return Deletion(
        min(counted, key=_days, default=None),
        min(whole, key=_days, default=None),
        tuple(one for one in rules if one.rule.expiration_date is not None),
    )


def _days(one: Applied) -> int:
    assert one.rule.expiration_days is not None  # noqa: S101 - only those are compared
    return one.rule.expiration_days


def noncurrent_days(rules: Sequence[Applied], *, everywhere: bool = False) -> int | None:
    """How long an expired log object stays as a noncurrent version, where versioning is on; None: for ever.

    `everywhere`: counting only rules that apply to all logs.
    """
    # NOTE: a log object is written once, so it has one noncurrent version at most, and a rule that keeps the newest ones never deletes it.
    days = [
        one.rule.noncurrent_days
        for one in rules
        if one.rule.noncurrent_days is not None and not one.rule.newer_noncurrent_versions and (one.is_for_all or not everywhere)
    ]
    return min(days, default=None)


@dataclass(frozen=True, slots=True)
class Archiving:
    """A transition to where objects are not read at once."""

    rule: LifecycleRule
    transition: Transition
    days: int | None
    """None: on a fixed day."""
    tiering: IntelligentTiering | None = None
    """The Intelligent-Tiering configuration that archives, where one does."""


def transitions(rules: Sequence[Applied]) -> Iterator[tuple[LifecycleRule, Transition]]:
    """Every transition that applies to logs."""
    for one in rules:
        yield from ((one.rule, transition) for transition in one.rule.transitions)


def archivings(rules: Sequence[Applied]) -> Iterator[Archiving]:
    """The transitions to archives."""
    for rule, transition in transitions(rules):
        if transition.storage_class in ARCHIVES:
            yield Archiving(rule, transition, None if transition.date else transition.days or 0)


def tierings(rules: Sequence[Applied], configured: Sequence[IntelligentTiering], key: Tokens) -> Iterator[Archiving]:
    """The archive tiers that logs reach which a rule moves to Intelligent-Tiering; their days count from the last access."""
    moved = [(rule, transition) for rule, transition in transitions(rules) if transition.storage_class == "INTELLIGENT_TIERING"]
    for one in configured:
        if one.status == "Enabled" and not one.tags and begins_with(one.prefix, key) is not False:
            for rule, transition in moved:
                yield from (Archiving(rule, transition, days, one) for _tier, days in one.tierings)


def spares_small_ones(lifecycle: Lifecycle | None, rule: LifecycleRule) -> bool:
    """Whether a rule leaves log objects of less than 128 KiB where they are, which most are."""
    default = (lifecycle.transition_default_minimum_object_size if lifecycle else None) or "all_storage_classes_128K"
    return default == "all_storage_classes_128K" and rule.object_size_greater_than is None and rule.object_size_less_than is None
