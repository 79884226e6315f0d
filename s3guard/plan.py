"""The plan of a run: which policies judge which buckets and which period, and which columns their rules read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from s3guard import conditions
from s3guard.columns import needed_texts
from s3guard.masks import Masks
from s3guard.policy import BoundRule, Policy
from s3guard.rules import GroupRule

CELL: Final = 3600
"""Seconds of `Plan.cell` where a part of what is read may be concluded later: a state and evidence know whole hours."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run judges: policies, the period, and what it was narrowed to. Survives pickle."""

    policies: tuple[Policy, ...]
    since: int | None = None
    """Seconds since 1970, UTC; records before are left out."""
    until: int | None = None
    """Records at and after are left out."""
    arrived: int | None = None
    """Where `until` is open, the second by which records must have arrived for a bucket not to have fallen silent; None: nobody knows."""
    opens: int | None = None
    """Where `since` is open, the second at which the report begins, if more is known than it is about: what was before is history."""
    delivered: int | None = None
    """The second by which all records must have arrived, as far as one can say: behind it some may be on their way. None: nobody knows."""
    rules: frozenset[str] | None = None
    """Names of the rules that are judged, ``policy/kind[/id]``; None: all."""
    buckets: frozenset[str] | None = None
    """The buckets that are judged; None: all."""
    traffic: bool = False
    """Whether the traffic is measured, too (`s3guard.metered`); it decides nothing."""
    cell: int | None = None
    """Seconds of the stretches of time that tables are kept apart by, so that a part of a period can be concluded; None: all in one."""

    def rules_of(self, bucket: str) -> tuple[BoundRule, ...]:
        """The rules that apply to a bucket, in the order of the policies."""
        if self.buckets is not None and bucket not in self.buckets:
            return ()
        applying = [policy for policy in self.policies if policy.applies_to(bucket)]
        return tuple(bound for policy in applying for bound in policy.rules if self.judges(bound))

    def judges(self, bound: BoundRule) -> bool:
        """Whether the run was not narrowed to other rules."""
        return self.rules is None or bound.name in self.rules

    def looks_at(self, policy: Policy, bucket: str) -> bool:
        """Whether a rule of the policy is judged over the bucket: one whose rules are all switched off, or left out, looks at nothing."""
        is_wanted = self.buckets is None or bucket in self.buckets
        return is_wanted and policy.applies_to(bucket) and any(self.judges(bound) for bound in policy.rules)

    @property
    def masks(self) -> Masks:
        """What is masked in the subjects of findings: what any policy names."""
        return Masks(tuple(sorted({name for policy in self.policies for name in policy.mask})))

    @property
    def columns(self) -> frozenset[str]:
        """Every column by name that a rule reads beyond those that are always there."""
        return frozenset[str]().union(*(reads(bound) for policy in self.policies for bound in policy.rules if self.judges(bound)))

    @property
    def texts(self) -> frozenset[str]:
        """The columns that the parser has to keep for the rules."""
        return needed_texts(self.columns) | ({"user_agent"} if self.traffic else frozenset())


_CLIENTS: Final = frozenset({"key", "key_logged", "request_uri", "referer", "user_agent", "version_id", "host_header", "extra"})
"""Columns in which clients may write what is masked."""

TABLES: Final = 1
"""The version of what `scan` counts: raised whenever tables of before may not be merged with those of now."""


def table_key(policy: Policy, bound: BoundRule) -> str:
    """What the tables of a rule are kept under: 64 hex of SHA-256 over all that decides what is counted; the same key, the same tables."""
    told = [TABLES, bound.name, sorted(policy.buckets), bound.rule.counted]
    if policy.mask and not _CLIENTS.isdisjoint(bound.rule.subject):
        told.append(policy.mask)  # NOTE: the subjects that were kept are others where something else was masked.
    return sha256(json.dumps(told).encode()).hexdigest()


def reads(bound: BoundRule) -> frozenset[str]:
    """The columns that a rule's entry names: in `where`, in `group_by`, in its measure; ``key`` for globs over keys."""
    rule = bound.rule
    named = set(rule.subject) | condition_columns(rule.where)
    if rule.keys is not None or rule.except_keys is not None:
        named.add("key")
    return frozenset(named) | rule.texts | (rule.reads if isinstance(rule, GroupRule) else frozenset())


@lru_cache(maxsize=1024)
def condition_columns(where: str | None) -> frozenset[str]:
    """The columns that a condition reads; none for no condition."""
    return conditions.compile(where).columns if where else frozenset()
